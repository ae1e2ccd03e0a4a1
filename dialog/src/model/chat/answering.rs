//! Answering a turn: the requests to the models, each within its limits, what is said of an answer while it comes, and what follows where
//! none comes: the next model, the flow, a person, a goodbye.
use super::Chat;
use super::calls::Calls;
use super::claims::claims_deed;
use super::prompt::length;
use super::speech::Speech;
use crate::bot::forbidden::touched;
use crate::model::brain::Brain;
use crate::model::language_model::{
    ModelFault, ModelNews, ModelOutcome, ModelReport, ModelRequest, Purpose, RequestId, Usage,
};
use crate::model::thought::{HangUpReason, Thought};
use crate::tool::ToolId;
use crate::value::words::tokens;
use std::time::{Duration, Instant};

mod limits;

/// A caller hears about so many milliseconds of sound for each character.
const CHAR: Duration = Duration::from_millis(66);
/// From one sentence that asks for patience to the next.
const FILLER_GAP: Duration = Duration::from_secs(6);
/// So long after the first words of an answer some of them are said, though their clause is not complete.
const EARLY: Duration = Duration::from_millis(230);
/// Where words have come, those that can be said are waited for so long before the bot asks for patience.
const WORDS_SOON: Duration = Duration::from_millis(400);
/// So long before the sound of an answer ends the next words are said.
const AHEAD_OF_SILENCE: Duration = Duration::from_millis(250);
/// So many requests lead to one answer at most.
const MOST_ROUNDS: u8 = 5;
/// So often a server that has too much to do is asked again for one answer.
const MOST_RETRIES: u8 = 3;
/// A summary that takes longer is not waited for.
const SUMMARY_LIMIT: Duration = Duration::from_secs(60);
/// So many pieces of an answer that was asked for ahead are kept.
const MOST_AHEAD: usize = 4_000;

const BROKE_OFF: &str = "your last answer broke off: go on from there and repeat nothing";
const NOTHING_DONE: &str =
    "no tool has done anything yet, so do not say that something is done: call the tool, or ask for what is missing";
pub(super) const TOOL_ANSWERED: &str = "a tool has answered by now: tell the caller";

/// A request under way.
pub(super) struct Asking {
    id: RequestId,
    /// Which of the bot's models.
    model: usize,
    purpose: Purpose,
    asked: Instant,
    /// When the first piece of use came, and the last of any.
    first: Option<Instant>,
    last: Instant,
    bytes: usize,
    usage: Option<Usage>,
}

/// An answer that was asked for before the caller's turn had surely ended.
pub(super) struct Ahead {
    text: String,
    id: RequestId,
    news: Vec<ModelNews>,
}

/// The answer to a turn.
pub(super) struct Answer {
    began: Instant,
    /// Until when something of the bot's sounds.
    sounds_until: Instant,
    fillers: u8,
    pub request: Option<RequestId>,
    speech: Speech,
    /// When the first words came that were not said yet.
    words_since: Option<Instant>,
    /// What was said of a sentence that is not complete.
    sentence: String,
    pub calls: Calls,
    /// Models that have failed for it.
    tried: Vec<usize>,
    retries: u8,
    rounds: u8,
    /// When a model is to be asked again.
    ask_at: Option<Instant>,
    /// The caller may speak.
    pub listens: bool,
    /// Something of it was said.
    pub spoke: bool,
    corrected: bool,
    /// Something that it wanted was refused, and nothing was said since.
    pub refused: bool,
    /// So many sentences of it were said.
    pub sentences: u8,
    note: Option<&'static str>,
    /// The tools that it waits for.
    pub waits: Vec<ToolId>,
}

/// How many sentences end in a clause.
fn sentences(clause: &str) -> u8 {
    let ends = |word: &&str| word.ends_with(['.', '!', '?']);
    u8::try_from(clause.split_whitespace().filter(ends).count()).unwrap_or(u8::MAX)
}

impl Answer {
    /// From when on words are said before their clause is complete.
    fn early_at(&self) -> Option<Instant> {
        let since = self.words_since?;
        Some((since + EARLY).max(self.sounds_until.checked_sub(AHEAD_OF_SILENCE).unwrap_or(since)))
    }
}

impl Chat {
    fn new_answer(&self, now: Instant) -> Answer {
        Answer {
            began: now,
            sounds_until: now,
            fillers: 0,
            request: None,
            speech: Speech::new(self.bot.language),
            words_since: None,
            sentence: String::new(),
            calls: Calls::default(),
            tried: Vec::new(),
            retries: 0,
            rounds: 0,
            ask_at: None,
            listens: false,
            spoke: false,
            corrected: false,
            refused: false,
            sentences: 0,
            note: None,
            waits: Vec::new(),
        }
    }

    /// The caller has said this, and the model answers. What was asked for ahead of exactly this is its answer.
    pub(super) fn answer_turn(&mut self, now: Instant, text: &str) {
        self.owes = false;
        self.answer = Some(self.new_answer(now));
        match self.ahead.take_if(|ahead| ahead.text == text) {
            Some(ahead) => {
                if let Some(answer) = &mut self.answer {
                    answer.request = Some(ahead.id);
                }
                for news in ahead.news {
                    self.answer_news(now, ahead.id, news);
                }
            }
            None => {
                self.withdraw_ahead(now);
                self.ask(now);
            }
        }
    }

    /// The bot speaks unprompted, or goes on where a tool has answered.
    pub(super) fn answer_unprompted(&mut self, now: Instant, note: &'static str) {
        self.owes = false;
        self.answer = Some(Answer { note: Some(note), ..self.new_answer(now) });
        self.again(now);
    }

    /// An answer that waits for this tool.
    pub(super) fn wait_for(&mut self, now: Instant, id: ToolId) {
        let mut answer = self.answer.take().unwrap_or_else(|| self.new_answer(now));
        answer.waits.push(id);
        self.answer = Some(answer);
    }

    /// The model is asked once more, with all that was said by then.
    pub(super) fn again(&mut self, now: Instant) {
        if let Some(answer) = &mut self.answer {
            answer.ask_at = Some(now);
        }
    }

    /// Once more for what tools came to; an answer that never ends is given up.
    pub(super) fn next_round(&mut self, now: Instant) {
        let Some(answer) = &mut self.answer else { return };
        answer.rounds += 1;
        answer.began = now;
        answer.tried.clear();
        match answer.rounds < MOST_ROUNDS {
            true => self.again(now),
            false if answer.refused => self.say_not_allowed(now),
            false => self.fall_back(now),
        }
    }

    /// Asks the first model that has not failed and does not rest; where all do, the one that may be asked first, within the patience.
    fn ask(&mut self, now: Instant) {
        let Some(answer) = &mut self.answer else { return };
        answer.ask_at = None;
        let rests = |model: &usize| self.rests[*model].is_some_and(|until| until > now);
        let mut untried = (0..self.plan.names.len()).filter(|model| !answer.tried.contains(model) && !rests(model));
        // One of which nothing is known yet may be the quickest.
        let quick = |model: &usize| self.firsts.get(*model).copied().flatten().unwrap_or_default();
        let untried = if self.hurries { untried.min_by_key(quick) } else { untried.next() };
        let Some(model) = untried else {
            let until = self.rests.iter().flatten().filter(|until| **until > now).min().copied();
            let soon = until.filter(|until| *until < answer.began + self.plan.patience);
            match soon.filter(|_| answer.retries < MOST_RETRIES) {
                Some(until) => {
                    answer.retries += 1;
                    answer.tried.clear();
                    answer.ask_at = Some(until);
                }
                None => self.fall_back(now),
            }
            return;
        };
        // All that tools have answered is told with it.
        self.owes = false;
        let note = answer.note;
        answer.speech = Speech::new(self.bot.language);
        (answer.words_since, answer.sentence) = (None, String::new());
        answer.calls = Calls::default();
        let id = self.request(now, model, Purpose::Answer, note, None);
        if let Some(answer) = &mut self.answer {
            answer.request = Some(id);
        }
    }

    fn request(
        &mut self,
        now: Instant,
        model: usize,
        purpose: Purpose,
        note: Option<&str>,
        ahead: Option<&str>,
    ) -> RequestId {
        let (said, ahead) = self.told(ahead);
        let said = std::mem::replace(&mut self.memory.said, said);
        let body = self.within_room(note, ahead.as_deref());
        self.memory.said = said;
        self.send(now, model, purpose, body)
    }

    /// Sends a request. Nothing in it but the bot's own instructions holds what is masked.
    fn send(&mut self, now: Instant, model: usize, purpose: Purpose, mut body: serde_json::Value) -> RequestId {
        let messages = body["messages"].as_array_mut().into_iter().flatten();
        messages.filter(|message| message["role"] != "system").for_each(|message| self.guard.mask_json(message));
        self.requests += 1;
        let id = RequestId(self.requests);
        let bytes = length(&body);
        self.asking.push(Asking { id, model, purpose, asked: now, first: None, last: now, bytes, usage: None });
        self.thoughts.push_back(Thought::Ask(ModelRequest {
            id,
            model: self.plan.names[model].clone(),
            purpose,
            body,
        }));
        id
    }

    /// More of some answer.
    pub(super) fn model(&mut self, now: Instant, id: RequestId, news: ModelNews) {
        let Some(asking) = self.asking.iter_mut().find(|asking| asking.id == id) else { return };
        asking.last = now;
        if matches!(news, ModelNews::Text(_) | ModelNews::Tool(_)) {
            asking.first.get_or_insert(now);
        }
        if let ModelNews::Usage(usage) = news {
            asking.usage = Some(usage);
            self.budget.correct(asking.bytes, usage.prompt);
            return;
        }
        if let Some((summary, upto, text)) = self.summary.as_mut().filter(|(summary, ..)| *summary == id) {
            let (summary, upto) = (*summary, *upto);
            match news {
                ModelNews::Text(more) if text.len() < 4_000 => text.push_str(&more),
                ModelNews::End => {
                    let mut speech = Speech::new(self.bot.language);
                    let mut clauses = speech.push(text);
                    clauses.extend(speech.finish());
                    self.summary = None;
                    self.close(now, summary, ModelOutcome::Answered);
                    if !clauses.is_empty() {
                        self.memory.summary = Some(clauses.join(" "));
                        self.memory.leave_out(upto);
                    }
                }
                ModelNews::Failed(fault) => {
                    self.summary = None;
                    self.close(now, summary, ModelOutcome::Failed(fault));
                }
                _ => {}
            }
            return;
        }
        if let Some(ahead) = self.ahead.as_mut().filter(|ahead| ahead.id == id) {
            match news {
                ModelNews::Failed(fault) => {
                    self.ahead = None;
                    self.close(now, id, ModelOutcome::Failed(fault));
                }
                news if ahead.news.len() < MOST_AHEAD => ahead.news.push(news),
                _ => self.withdraw_ahead(now),
            }
            return;
        }
        self.answer_news(now, id, news);
    }

    fn answer_news(&mut self, now: Instant, id: RequestId, news: ModelNews) {
        let Some(answer) = self.answer.as_mut().filter(|answer| answer.request == Some(id)) else { return };
        match news {
            ModelNews::Text(more) => {
                answer.words_since.get_or_insert(now);
                let clauses = answer.speech.push(&more);
                if self.speak(now, clauses) {
                    self.speak_early(now);
                }
            }
            ModelNews::Tool(part) => answer.calls.add(part),
            ModelNews::End => {
                answer.request = None;
                let clauses = answer.speech.finish();
                self.close(now, id, ModelOutcome::Answered);
                if self.speak(now, clauses) {
                    self.complete(now);
                }
            }
            ModelNews::Failed(fault) => self.failed(now, id, fault),
            ModelNews::Finish(_) | ModelNews::Reasoning | ModelNews::Usage(_) => {}
        }
    }

    /// Says clauses of the answer; `false`: one of them claims what was not done, and what comes of this answer is not said.
    fn speak(&mut self, now: Instant, clauses: Vec<String>) -> bool {
        for clause in clauses {
            let clause = self.guard.restore(&clause);
            let before = self.answer.as_mut().map(|answer| std::mem::take(&mut answer.sentence)).unwrap_or_default();
            let sentence = format!("{before} {clause}");
            if let Some(subject) =
                touched(&self.bot.forbidden, &tokens(&sentence, self.bot.language), self.bot.language)
            {
                self.leave_subject(now, subject);
                return false;
            }
            if self.is_long_enough() {
                self.offer_more(now);
                return false;
            }
            if !self.has_acted && claims_deed(&sentence, self.bot.language) {
                self.correct(now);
                return false;
            }
            if let Some(answer) = &mut self.answer
                && !clause.ends_with(['.', '!', '?', '…'])
            {
                answer.sentence = sentence;
            }
            let listens = self.answer.as_mut().is_none_or(|answer| std::mem::replace(&mut answer.listens, true));
            if !listens {
                self.listen();
            }
            if let Some(answer) = &mut self.answer {
                (answer.spoke, answer.refused) = (true, false);
                answer.sentences = answer.sentences.saturating_add(sentences(&clause));
                answer.sounds_until = answer.sounds_until.max(now) + CHAR * clause.chars().count() as u32;
            }
            self.has_floor = true;
            self.sources.said(&clause);
            self.say(&clause, true);
        }
        true
    }

    /// Says the next words of an answer whose clause is not complete, if the caller would else wait for them.
    fn speak_early(&mut self, now: Instant) {
        let Some(answer) = self.answer.as_mut().filter(|answer| answer.early_at().is_some_and(|at| at <= now)) else {
            return;
        };
        if let Some(clause) = answer.speech.take_early() {
            self.speak(now, vec![clause]);
        }
    }

    /// The model claims what was not done: it is told so and asked again, once.
    fn correct(&mut self, now: Instant) {
        let Some(answer) = &mut self.answer else { return };
        let first = !std::mem::replace(&mut answer.corrected, true);
        answer.note = Some(NOTHING_DONE);
        if let Some(id) = answer.request.take() {
            self.stop(now, id);
        }
        if first {
            return self.again(now);
        }
        let text = self.bot.prompts.not_done.clone();
        self.speak(now, vec![text]);
        self.finish(now);
    }

    /// All of a request's answer has come.
    fn complete(&mut self, now: Instant) {
        let Some(answer) = &mut self.answer else { return };
        answer.note = None;
        let calls = answer.calls.take();
        match (calls.is_empty(), answer.spoke) {
            (false, _) => self.call(now, calls),
            (true, true) => self.finish(now),
            (true, false) if answer.refused => self.say_not_allowed(now),
            (true, false) => self.next_model(now, ModelFault::Empty),
        }
    }

    /// The answer has come to its end: the caller's turn.
    pub(super) fn finish(&mut self, now: Instant) {
        let Some(answer) = self.answer.take() else { return };
        self.cite();
        if !answer.listens {
            self.listen();
        }
        if std::mem::take(&mut self.owes) {
            return self.answer_unprompted(now, TOOL_ANSWERED);
        }
        self.summarise(now);
    }

    /// A request has failed: another model is asked, or the same one later.
    fn failed(&mut self, now: Instant, id: RequestId, fault: ModelFault) {
        let model = self.asking.iter().find(|asking| asking.id == id).map(|asking| asking.model);
        self.close(now, id, ModelOutcome::Failed(fault));
        let Some(answer) = &mut self.answer else { return };
        answer.request = None;
        if let Some(model) = model {
            answer.tried.push(model);
            self.rests[model] = fault.pause().map(|pause| now + pause);
        }
        self.next_model(now, fault);
    }

    fn next_model(&mut self, now: Instant, fault: ModelFault) {
        let Some(answer) = &mut self.answer else { return };
        if fault == ModelFault::Empty {
            // An empty answer is that of the model that was asked: it counts as tried by its round.
            answer.rounds += 1;
            if answer.rounds >= 2 {
                return self.fall_back(now);
            }
        }
        if answer.spoke {
            answer.note = Some(BROKE_OFF);
        }
        self.again(now);
    }

    /// No model answers: the flow does, or a person; else the bot says so and ends the call.
    pub(super) fn fall_back(&mut self, now: Instant) {
        self.drop_answer(now);
        if self.answer_from_documents() {
            return;
        }
        if !self.bot.tasks.is_empty() {
            self.flow.answer_nothing();
            return self.forward();
        }
        if self.flow.put_through() {
            return self.forward();
        }
        let text = self.bot.prompts.give_up.clone();
        self.say(&text, false);
        self.end(HangUpReason::ModelFailed);
    }

    /// What is under way of an answer is not wanted any more. Its tools run on.
    pub(super) fn drop_answer(&mut self, now: Instant) {
        let Some(answer) = self.answer.take() else { return };
        self.cite();
        if let Some(id) = answer.request {
            self.stop(now, id);
        }
    }

    /// What the caller will have said if they have finished is asked about before that is sure.
    pub(super) fn think_ahead(&mut self, now: Instant, text: &str) {
        self.withdraw_ahead(now);
        let for_flow = self.flow.has_the_caller() || self.flow.asks_secret() || self.flow.is_secret(text);
        if self.hurries || for_flow || self.held.is_some() || self.answer.is_some() || self.flow.understands(text) {
            return;
        }
        let rests = |model: &usize| self.rests[*model].is_some_and(|until| until > now);
        if let Some(model) = (0..self.plan.names.len()).find(|model| !rests(model)) {
            self.drop_summary(now);
            let id = self.request(now, model, Purpose::Ahead, None, Some(text));
            self.ahead = Some(Ahead { text: text.to_owned(), id, news: Vec::new() });
        }
    }

    pub(super) fn withdraw_ahead(&mut self, now: Instant) {
        if let Some(ahead) = self.ahead.take() {
            self.stop(now, ahead.id);
        }
    }

    /// Where the talk has grown long, its beginning is put into a few words, while the caller speaks.
    fn summarise(&mut self, now: Instant) {
        let upto = self.memory.left_out + (self.memory.said.len() - self.memory.left_out) / 2;
        if self.summary.is_some() || upto <= self.memory.left_out + 1 {
            return;
        }
        let body = self.prompt.request(&self.memory, &self.flow.state(), None, None);
        let room = self.plan.context_tokens.saturating_sub(self.plan.most_tokens);
        if self.budget.estimate(&body) > room / 4 * 3 && self.rests[0].is_none_or(|until| until <= now) {
            let (told, _) = self.told(None);
            let said = std::mem::replace(&mut self.memory.said, told);
            let body = self.prompt.summary(&self.memory, upto);
            self.memory.said = said;
            let id = self.send(now, 0, Purpose::Summary, body);
            self.summary = Some((id, upto, String::new()));
        }
    }

    /// The caller waits for an answer: a summary can be written later.
    pub(super) fn drop_summary(&mut self, now: Instant) {
        if let Some((id, ..)) = self.summary.take() {
            self.stop(now, id);
        }
    }

    pub(super) fn stop(&mut self, now: Instant, id: RequestId) {
        if self.close(now, id, ModelOutcome::Dropped) {
            self.thoughts.push_back(Thought::StopAsking(id));
        }
    }

    /// A request is over; `false`: it was before.
    fn close(&mut self, now: Instant, id: RequestId, outcome: ModelOutcome) -> bool {
        let Some(at) = self.asking.iter().position(|asking| asking.id == id) else { return false };
        let Asking { model, purpose, asked, first, usage, .. } = self.asking.remove(at);
        if let Some(first) = first {
            let took = first.saturating_duration_since(asked);
            self.firsts.resize(self.plan.names.len(), None);
            self.firsts[model] = Some(self.firsts[model].map_or(took, |before| (before + took) / 2));
        }
        self.thoughts.push_back(Thought::Asked(ModelReport {
            id,
            model: self.plan.names[model].clone(),
            purpose,
            outcome,
            first: first.map(|first| first.saturating_duration_since(asked)),
            took: now.saturating_duration_since(asked),
            usage,
        }));
        true
    }
}
