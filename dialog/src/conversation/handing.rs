//! A call that another bot goes on with: one that the bot's file names, or its sibling in the other language. The conversation, what was
//! heard, and the tools that act stay; the brain, its words, its ear and its voice change together.
use super::Conversation;
use super::message::Output;
use crate::bot::{Bot, switching};
use crate::knowledge::Knowledge;
use crate::language::Language;
use crate::memory::Memory;
use crate::model::brain::{Brain, BrainInput};
use crate::model::chat::Chat;
use crate::model::flow::Flow;
use crate::model::handed::{Carried, HandedOn};
use crate::model::numbered::Numbered;
use crate::turn::Turn;
use crate::value::words::tokens;
use jiff::civil::DateTime;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// So many words that are understood in another language are no accident.
const ENOUGH_WORDS: usize = 3;

/// So often may a call go from bot to bot: the end of every loop.
const MOST: u32 = 20;

/// The bots that a call may go on with, by their names.
pub trait BotSource: Send + Sync {
    /// As it is in this call; `None`: there is none of that name.
    fn bot(&self, name: &str) -> Option<Arc<Bot>>;

    /// What that bot knew of the caller when the call began; `None`: it remembers nothing, or the caller cannot be known.
    fn known(&self, _name: &str) -> Option<Memory> {
        None
    }
}

impl BotSource for BTreeMap<String, Arc<Bot>> {
    fn bot(&self, name: &str) -> Option<Arc<Bot>> {
        self.get(name).cloned()
    }
}

/// Who else there is, and whether one of them is about to go on with the call.
#[derive(Default)]
pub(super) struct Handing {
    pub source: Option<Arc<dyn BotSource>>,
    /// The caller's date and time when the call began.
    pub today: Option<DateTime>,
    /// What the bot says is heard first.
    next: Option<Next>,
    /// How often the call was handed on.
    count: u32,
}

struct Next {
    name: String,
    bot: Arc<Bot>,
    carried: Carried,
    /// The words that were understood in the other language: what follows from them.
    heard: Option<BrainInput>,
}

/// What thinks for a bot.
pub(super) fn brain_of(bot: Arc<Bot>, today: DateTime) -> Box<dyn Brain> {
    let flow = Flow::new(bot.clone(), today);
    match bot.model.clone() {
        Some(plan) => {
            let searched = bot.knowledge.iter().map(|_| Knowledge::tool());
            let tools = bot.tools.iter().map(|tool| tool.definition.clone()).chain(searched).collect();
            Box::new(Chat::new(bot, plan, tools, flow, today))
        }
        None => Box::new(flow),
    }
}

impl Conversation {
    /// With other bots that the call may go on with.
    pub fn with_bots(mut self, source: Arc<dyn BotSource>) -> Conversation {
        self.handing.source = Some(source);
        self
    }

    /// The caller's words are the brain's, or those of the bot that speaks their language.
    pub(super) fn take_words(&mut self, now: Instant, text: &str, input: BrainInput) {
        if !self.switches_language(text, &input) {
            self.think(now, input);
        }
    }

    /// Whether another bot is about to go on with the call: the caller is not listened to until it does.
    pub(super) fn is_handing_on(&self) -> bool {
        self.handing.next.is_some()
    }

    fn other(&self, name: &str) -> Option<Arc<Bot>> {
        self.handing.today?;
        let source = self.handing.source.as_ref().filter(|_| self.handing.count < MOST)?;
        let bot = source.bot(name)?.without_header_gaps();
        let known = source.known(name).filter(|_| !self.keeping.is_forgotten());
        let known = known.map(|known| Memory { agreed: known.agreed || self.keeping.has_agreed(), ..known });
        Some(known.map_or(bot.clone(), |known| bot.with_memory(known)).without_known_gaps())
    }

    /// The brain wants another bot to go on.
    pub(super) fn hand_on(&mut self, now: Instant, HandedOn { to, carried }: HandedOn) {
        match self.other(&to) {
            Some(bot) => {
                self.handing.next = Some(Next { name: to, bot, carried, heard: None });
                self.asked = true;
            }
            // What is open is asked by this one.
            None => {
                self.out.push_back(Output::NoBot { name: to });
                self.think_on(now, BrainInput::Guided(Default::default()));
            }
        }
    }

    /// Whether the caller's words are for a bot in another language, because they say so, or because that one understands them and this one
    /// does not. Then it goes on with them.
    fn switches_language(&mut self, text: &str, input: &BrainInput) -> bool {
        if self.bot.languages.is_empty() || self.brain.asks_secret() || self.tools.is_awaited() {
            return false;
        }
        let found = match self.wished_language(text) {
            Some(language) => self.sibling(language).map(|(name, bot)| (name, bot, None)),
            None => self.understood_elsewhere(text).map(|(name, bot)| (name, bot, Some(input.clone()))),
        };
        let Some((name, bot, heard)) = found else { return false };
        self.handing.next = Some(Next { name, bot, carried: self.brain.carried(), heard });
        true
    }

    /// The language of a sibling that these words wish for, and nothing else.
    pub(super) fn wished_language(&self, text: &str) -> Option<Language> {
        if self.bot.languages.is_empty() || self.brain.asks_secret() {
            return None;
        }
        let own = self.bot.language;
        switching::wish(&tokens(text, own), own).filter(|language| self.bot.languages.contains_key(language))
    }

    fn sibling(&self, language: Language) -> Option<(String, Arc<Bot>)> {
        let name = self.bot.languages.get(&language)?;
        Some((name.clone(), self.other(name)?))
    }

    fn understood_elsewhere(&self, text: &str) -> Option<(String, Arc<Bot>)> {
        if text.split_whitespace().count() < ENOUGH_WORDS || self.brain.understands(text) {
            return None;
        }
        let today = self.handing.today?;
        let languages: Vec<Language> = self.bot.languages.keys().copied().collect();
        languages
            .into_iter()
            .filter_map(|language| self.sibling(language))
            .find(|(_, bot)| Flow::new(bot.clone(), today).understands_of_itself(text))
    }

    /// Whether another bot can go on at once: what this one has said was heard.
    pub(super) fn is_hand_on_due(&self) -> bool {
        let waits = self.history.speaking().is_some() || self.supervised.is_taken_over() || self.on_hold;
        self.is_handing_on() && !waits && !self.ended
    }

    /// What the bot has said was heard: the other one goes on.
    pub(super) fn hand_on_due(&mut self, now: Instant) {
        if !self.is_hand_on_due() {
            return;
        }
        let Some(Next { name, bot, carried, heard }) = self.handing.next.take() else { return };
        let Some(today) = self.handing.today else { return };
        self.forget_turn(now);
        self.drop_entry();
        self.resume(now);
        // What the brain before has asked for is not wanted any more.
        self.brain.handle(now, BrainInput::Interrupted);
        self.drain(now);
        self.settle_consent();
        self.handing.count += 1;
        let same_language = bot.language == self.bot.language;
        self.out.push_back(Output::Bot { name, language: bot.language });
        let before = u64::from(self.handing.count) << 32;
        let brain = brain_of(bot.clone(), today);
        self.brain = Box::new(Numbered::new(brain, before));
        self.turn = Turn::new(self.turn_plan(&bot));
        self.bot = bot;
        (self.given_time, self.quiet, self.question_heard) = (false, None, None);
        if self.deaf {
            self.brain.handle(now, BrainInput::Deaf(true));
        }
        let silent = heard.is_some();
        self.think(now, BrainInput::HandedOn(Carried { silent, same_language, ..carried }));
        if let Some(heard) = heard {
            self.think_on(now, heard);
        }
    }
}
