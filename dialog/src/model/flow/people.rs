//! What is taken from the words that people say to each other while one of them speaks with the caller in the bot's place.
use super::Flow;
use super::parse::{self, SlotSearch};
use crate::bot::fact;
use crate::guidance::{Guidance, SpokenValue};

impl Flow {
    /// The slots that such words may fill: those of the task under way, of all tasks where there is none; none that is secret.
    pub(super) fn open_slots(&self) -> Vec<usize> {
        let bot = &self.bot;
        let of_tasks = || bot.tasks.iter().flat_map(|task| task.slots.iter().copied()).collect();
        let slots = self.interview.form.task().map_or_else(of_tasks, |task| bot.tasks[task].slots.clone());
        let mut open: Vec<usize> = slots.into_iter().filter(|slot| !bot.slots[*slot].secret).collect();
        open.sort_unstable();
        open.dedup();
        open
    }

    /// Whether somebody may say a secret of the task under way, or of any where there is none: what is heard then stays on this machine.
    pub(super) fn may_hold_secret(&self) -> bool {
        let bot = &self.bot;
        let holds = |task: usize| bot.tasks[task].slots.iter().any(|slot| bot.slots[*slot].secret);
        self.interview.form.task().map_or_else(|| (0..bot.tasks.len()).any(holds), holds)
    }

    /// The values in such words. Which question they answer is not known: a figure that could mean anything is no value.
    pub(super) fn spoken_values(&self, text: &str) -> Vec<SpokenValue> {
        let (bot, form) = (&self.bot, &self.interview.form);
        let (words, slots) = (self.words(text), self.open_slots());
        let (filled, part_of_day) = (vec![false; bot.slots.len()], form.part_of_day());
        let search = SlotSearch { bot, slots: &slots, asked: None, filled: &filled, now: form.now, part_of_day };
        let fills = search.given(&words).fills.into_iter();
        let spoken = fills.map(|fill| SpokenValue {
            slot: bot.slots[fill.slot].name.clone(),
            value: fill.found.value.json(),
            sure: fill.found.doubt.is_none(),
        });
        spoken.collect()
    }

    /// What a supervisor has told the bot: a task, values, or a question of which the bot knows the answer, which it is to tell. A value that
    /// the words leave in doubt is none.
    pub(super) fn whispered(&self, text: &str) -> Guidance {
        let (bot, words) = (&self.bot, self.words(text));
        let task =
            parse::task(bot, &words).map(|(task, _, _)| task).filter(|task| self.interview.form.task() != Some(*task));
        let fits = |slot: &str| {
            let task = task.or(self.interview.form.task()).map(|task| &bot.tasks[task]);
            task.is_some_and(|task| task.slots.iter().any(|of_task| bot.slots[*of_task].name == slot))
        };
        let values = self.spoken_values(text).into_iter().filter(|value| value.sure && fits(&value.slot));
        let slots = values.map(|value| (value.slot, value.value)).collect();
        let guidance = Guidance { task: task.map(|task| bot.tasks[task].name.clone()), slots, say: None };
        if guidance.has_values() {
            return guidance;
        }
        let say = fact::asked_for(&bot.facts, &words, bot.language).map(|fact| bot.facts[fact].say.clone());
        Guidance { say, ..guidance }
    }
}

#[cfg(test)]
mod tests {
    use crate::bot::Bot;
    use crate::guidance::Guidance;
    use crate::model::brain::Brain;
    use crate::model::flow::Flow;
    use crate::testkit::today;
    use std::sync::Arc;

    const EN: &str = r#"
        name = "rooms"
        language = "en"
        greeting = "Hello."
        [[slot]]
        name = "date"
        type = "date"
        prompt = "For which day?"
        [[slot]]
        name = "time"
        type = "time"
        prompt = "At what time?"
        [[slot]]
        name = "pin"
        type = "digits"
        min = 4
        max = 4
        secret = true
        prompt = "Your PIN?"
        [[fact]]
        questions = ["Is there parking?"]
        say = "There is parking behind the house."
        [[task]]
        name = "book"
        phrases = ["book a room"]
        slots = ["date", "time", "pin"]
        on_done = { say = "Noted." }
        [[task]]
        name = "cancel"
        phrases = ["cancel my booking"]
        slots = ["date"]
        on_done = { say = "Noted." }
    "#;

    const VI: &str = r#"
        name = "phong"
        language = "vi"
        greeting = "Xin chào."
        [[slot]]
        name = "ngay"
        type = "date"
        prompt = "Ngày nào ạ?"
        [[slot]]
        name = "gio"
        type = "time"
        prompt = "Mấy giờ ạ?"
        [[task]]
        name = "dat"
        phrases = ["đặt phòng"]
        slots = ["ngay", "gio"]
        on_done = { say = "Xong ạ." }
    "#;

    fn flow(bot: &str) -> Flow {
        Flow::new(Arc::new(Bot::parse(bot, "test").unwrap_or_else(|e| panic!("{e}"))), today())
    }

    fn values(flow: &Flow, text: &str) -> Vec<(String, String)> {
        let values = flow.values_among(text).into_iter();
        values.map(|value| (value.slot, value.value.as_str().unwrap_or_default().to_owned())).collect()
    }

    #[test]
    fn values_are_taken_from_what_people_say_to_each_other() {
        let (en, vi) = (flow(EN), flow(VI));
        let slots = |values: Vec<(String, String)>| values.into_iter().map(|(slot, _)| slot).collect::<Vec<_>>();
        assert_eq!(slots(values(&en, "so that's friday at three p m")), ["date", "time"]);
        assert!(values(&en, "so that's friday at three p m").contains(&("time".into(), "15:00".into())));
        assert!(values(&vi, "vậy là thứ sáu lúc ba giờ chiều").contains(&("gio".into(), "15:00".into())));
        assert!(values(&en, "how are you doing").is_empty());
        assert!(values(&en, "one two three four").iter().all(|(slot, _)| slot != "pin"), "a secret is no value");
    }

    #[test]
    fn their_grammar_has_the_values_of_open_slots_and_none_of_a_secret() {
        let (en, vi) = (flow(EN).expect_people(), flow(VI).expect_people());
        assert!(en.grammar.contains("so that's") && en.grammar.contains("<p_date>"), "{}", en.grammar);
        assert!(!en.grammar.contains("p_pin") && en.may_hold_secret && !vi.may_hold_secret);
        assert!(vi.grammar.contains("vậy là") && vi.grammar.contains("<p_gio>"), "{}", vi.grammar);
        let whisper = flow(EN).expect_whisper().grammar;
        assert!(whisper.contains("is there parking") && whisper.contains("cancel my booking"), "{whisper}");
    }

    #[test]
    fn a_whisper_gives_a_task_values_or_an_answer_and_nothing_where_it_is_not_understood() {
        let flow = flow(EN);
        let read = |text: &str| flow.read_whisper(text);
        assert_eq!(read("hello there"), Guidance::default());
        assert_eq!(read("cancel my booking").task.as_deref(), Some("cancel"));
        let booked = read("book a room tomorrow at three p m");
        assert_eq!(booked.task.as_deref(), Some("book"));
        assert_eq!(booked.slots.keys().collect::<Vec<_>>(), ["date", "time"]);
        assert_eq!(flow.check_guidance(&booked), Ok(()));
        assert_eq!(read("tomorrow"), Guidance::default(), "no task is under way that it could be for");
        assert_eq!(read("is there parking").say.as_deref(), Some("There is parking behind the house."));
    }
}
