//! Keys, and the commands that work everywhere.
use super::*;

impl Flow {
    /// The slots of the task, by key: for "what should I change?".
    pub(super) fn change_menu(&self) -> Vec<(String, usize, char)> {
        let label = |s: usize| match (&self.bot.slots[s].kind, self.bot.slots[s].secret) {
            (_, true) => self.bot.prompts.secret.clone(),
            _ => self.spoken_value(s),
        };
        self.task_slots().iter().zip('1'..='9').map(|(s, key)| (label(*s), *s, key)).collect()
    }

    pub fn pad(&self) -> Pad {
        match self.step {
            Step::Slot(s) if self.bot.slots[s].keypad => pad::of(&self.bot.slots[s].kind),
            Step::Slot(_) => Pad::None,
            Step::Busy | Step::Over => Pad::None,
            Step::Task | Step::Check(_) | Step::Review | Step::Change => Pad::Menu,
        }
    }

    /// The caller entered these keys.
    pub fn keys(&mut self, keys: &str) -> Reply {
        let bot = self.bot.clone();
        match (keys, self.pad()) {
            ("*", _) => return self.command(Command::Back),
            ("#", _) => return self.command(Command::Repeat),
            (_, Pad::None) => return self.wrong(&bot.prompts.wrong_key),
            _ => {}
        }
        let key = keys.chars().next().filter(|_| keys.len() == 1);
        let reply = match self.step {
            Step::Task => bot.tasks.iter().position(|t| t.key.is_some() && t.key == key).map(|task| {
                self.begin(task);
                self.advance(Vec::new())
            }),
            Step::Slot(s) => pad::value(&bot.slots[s].kind, keys, bot.language, self.now.date())
                .map(|value| self.fill(vec![(s, value, 1.0)])),
            Step::Check(s) => {
                pad::yes_no(keys).map(|yes| if yes { self.checked(s, Vec::new()) } else { self.denied(s) })
            }
            Step::Review => pad::yes_no(keys).map(|yes| if yes { self.done() } else { self.change() }),
            Step::Change => {
                self.change_menu().into_iter().find(|(_, _, k)| Some(*k) == key).map(|(_, slot, _)| self.reask(slot))
            }
            Step::Busy | Step::Over => None,
        };
        match reply {
            Some(reply) => reply,
            None if keys == "0" && self.pad() == Pad::Menu => self.command(Command::Person),
            None if self.pad() == Pad::Menu => self.wrong(&bot.prompts.wrong_key),
            None => self.wrong(&bot.prompts.wrong_entry),
        }
    }

    /// Keys that meant nothing: counted like words that meant nothing.
    pub(super) fn wrong(&mut self, text: &str) -> Reply {
        self.missed = self.missed.saturating_add(1);
        if self.missed >= self.bot.silence.no_match {
            return self.give_up();
        }
        self.ask(vec![spoken(text)])
    }

    pub(super) fn command(&mut self, command: Command) -> Reply {
        let bot = self.bot.clone();
        let p = &bot.prompts;
        self.silent = 0;
        match command {
            Command::Repeat => {
                let say = self.last.clone();
                Reply { say, slots: Vec::new(), next: Next::Listen }
            }
            Command::Help => {
                let own = match self.step {
                    Step::Slot(s) => bot.slots[s].help.clone(),
                    _ => None,
                };
                let mut say = vec![spoken(own.as_ref().unwrap_or(&p.help))];
                let hint = self.hint();
                if !hint.is_empty() && !self.deaf {
                    say.push(spoken(&hint));
                }
                self.ask(say)
            }
            Command::Back => self.back(),
            Command::Restart => {
                let cleared: Vec<SlotNews> = self.trail.iter().map(|s| self.cleared(*s)).collect();
                self.task = (bot.tasks.len() == 1).then_some(0);
                self.slots.fill(None);
                self.trail.clear();
                self.missed = 0;
                let mut reply = self.advance(vec![spoken(&p.restart)]);
                reply.slots = cleared;
                reply
            }
            Command::Person => self.over(p.person.clone(), reason::PERSON),
            Command::Goodbye => self.end(reason::GOODBYE),
            Command::Wait => Reply { say: vec![spoken(&p.wait)], slots: Vec::new(), next: Next::Wait },
        }
    }

    /// One step back: the last value is forgotten and asked for again; before the first one the task is.
    pub(super) fn back(&mut self) -> Reply {
        let bot = self.bot.clone();
        let say = vec![spoken(&bot.prompts.back)];
        self.missed = 0;
        if let Step::Check(slot) = self.step {
            return self.reask(slot);
        }
        match self.trail.pop() {
            Some(slot) => {
                self.slots[slot] = None;
                self.step = Step::Slot(slot);
                let mut reply = self.ask(say);
                reply.slots.push(self.cleared(slot));
                reply
            }
            None => {
                self.task = (bot.tasks.len() == 1).then_some(0);
                self.advance(say)
            }
        }
    }
}
