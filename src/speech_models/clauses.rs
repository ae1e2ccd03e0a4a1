//! `SpeechClauses`: what a call's voice says where an endpoint speaks for itself. A clause that is the endpoint's words is its sound; any other
//! one, and what the endpoint has no sound for, the bot's own voice says. A core: it is told the time.
use super::answer::Answer;
use super::output::Output;
use crate::engines::remote::word_of;
use dialog::model::language_model::RequestId;
use media::Rate;
use media::playout::Played;
use media::pool::clauses::{Clause, ClauseQueue};
use media::resample::Resampler;
use media::tts::delivery::ClauseText;
use media::tts::{Chunk, Sink, Spoken, TtsFault, UtteranceId};
use std::collections::{BTreeSet, VecDeque};
use std::ops::{ControlFlow::Break, Range};
use std::time::{Duration, Instant};

/// From a clause to its first sound, and from where its sound ends to more; then the bot's own voice goes on.
const PATIENCE: Duration = Duration::from_millis(900);
/// How soon sound that found no room is offered again.
const RETRY: Duration = Duration::from_millis(20);
/// Clauses that wait at most.
const WAITING: usize = 256;
/// Answers whose sound is kept.
const ANSWERS: usize = 4;
/// Sound goes to the playout in pieces of 40 ms, each with its mark.
const PIECES: usize = 25;
/// While the pace of an answer is not known, a speaker may be so much slower than is supposed.
const SLOWER: f64 = 1.25;

struct Waiting {
    utterance: UtteranceId,
    text: ClauseText,
    interruptible: bool,
    /// Whose words it is, and which.
    of: Option<(RequestId, Range<usize>)>,
}

/// The clause whose sound goes to the playout.
struct Saying {
    clause: Clause,
    request: RequestId,
    /// The letters of the answer up to which it goes.
    letters: usize,
    /// Where its sound begins.
    from: usize,
    deadline: Instant,
    resampler: Resampler,
    has_begun: bool,
}

/// Whether a clause is over.
enum Step {
    Waits,
    Done,
    /// The endpoint has no more sound for it.
    Lacks,
}

pub struct SpeechClauses {
    engine: &'static str,
    hz: u32,
    pub answers: VecDeque<Answer>,
    waiting: VecDeque<Waiting>,
    current: Option<Saying>,
    queue: ClauseQueue,
    rate: Rate,
    /// Clauses that the bot's own voice has yet to say.
    near: BTreeSet<UtteranceId>,
    heard_until: Option<Instant>,
    pace: Option<f64>,
    /// The bot's own voice has taken an answer over since this was asked last.
    is_taken_over: bool,
}

impl SpeechClauses {
    pub fn new(engine: &'static str, hz: u32, rate: Rate, sink: Box<dyn Sink>) -> Self {
        Self {
            engine,
            hz,
            answers: VecDeque::new(),
            waiting: VecDeque::new(),
            current: None,
            queue: ClauseQueue::new(sink, rate),
            rate,
            near: BTreeSet::new(),
            heard_until: None,
            pace: None,
            is_taken_over: false,
        }
    }

    pub fn tune(&mut self, rate: Rate) {
        self.rate = rate;
        self.queue.tune(rate);
    }

    /// An answer was asked for.
    pub fn begin_answer(&mut self, request: RequestId) {
        self.pace = self.answers.iter().filter_map(Answer::pace).next_back().or(self.pace);
        self.answers.push_back(Answer::new(request, self.hz, self.pace));
        if self.answers.len() > ANSWERS {
            self.answers.pop_front();
        }
    }

    pub fn answer(&mut self, request: RequestId) -> Option<&mut Answer> {
        self.answers.iter_mut().rev().find(|answer| answer.request == request)
    }

    /// A clause is to be said. `written`: its words as they were written.
    pub fn say(
        &mut self,
        utterance: UtteranceId,
        text: ClauseText,
        interruptible: bool,
        written: &str,
        out: &mut VecDeque<Output>,
    ) {
        if self.waiting.len() >= WAITING {
            return out.push_back(Output::Spoken(Spoken::Failed { utterance, fault: TtsFault::Busy }));
        }
        let mut answers = self.answers.iter_mut().rev().filter(|answer| !answer.is_mute);
        let of = answers.find_map(|answer| Some((answer.request, answer.claim(written)?)));
        self.waiting.push_back(Waiting { utterance, text, interruptible, of });
    }

    /// Nothing below this is heard any more.
    pub fn hush(&mut self, floor: UtteranceId) {
        self.queue.hush(floor);
        self.waiting.retain(|waiting| waiting.utterance >= floor);
        self.near.retain(|utterance| *utterance >= floor);
        self.current.take_if(|saying| saying.clause.utterance < floor);
        self.heard_until = None;
    }

    /// The caller has heard this; `false`: it is no clause of an endpoint's.
    pub fn played(&mut self, played: &Played) -> bool {
        let mut is_known = false;
        for answer in &mut self.answers {
            is_known |= answer.played(played.utterance, played.chars);
        }
        is_known
    }

    /// What the bot's own voice has done.
    pub fn near(&mut self, spoken: &Spoken) {
        if let Spoken::Done { utterance } | Spoken::Failed { utterance, .. } = spoken {
            self.near.remove(utterance);
        }
    }

    /// Whether the bot's own voice has taken an answer over since the last time.
    pub fn take_over(&mut self) -> bool {
        std::mem::take(&mut self.is_taken_over)
    }

    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        let retry = self.queue.has_unsent().then(|| now + RETRY);
        let saying = self.current.as_ref().map(|saying| saying.deadline);
        retry.into_iter().chain(saying).min()
    }

    /// Does what can be done now.
    pub fn work(&mut self, now: Instant, out: &mut VecDeque<Output>) {
        loop {
            _ = self.queue.send_rest();
            if self.queue.has_unsent() {
                return;
            }
            if let Some(saying) = self.current.take() {
                match self.go_on(now, saying, out) {
                    Some(saying) => {
                        self.current = Some(saying);
                        return;
                    }
                    None => continue,
                }
            }
            let Some(next) = self.waiting.front() else { return };
            let of = next
                .of
                .clone()
                .filter(|(request, _)| self.answers.iter().any(|answer| answer.request == *request && !answer.is_mute));
            match of {
                // It follows what the bot's own voice says.
                Some(_) if !self.near.is_empty() => return,
                Some((request, letters)) => self.begin(now, request, letters),
                None => {
                    let Some(Waiting { utterance, text, interruptible, .. }) = self.waiting.pop_front() else { return };
                    self.near.insert(utterance);
                    out.push_back(Output::Say { utterance, text, interruptible });
                }
            }
        }
    }

    fn begin(&mut self, now: Instant, request: RequestId, letters: Range<usize>) {
        let Some(Waiting { utterance, text, interruptible, .. }) = self.waiting.pop_front() else { return };
        let Some(answer) = self.answers.iter_mut().rev().find(|answer| answer.request == request) else { return };
        // Words before it that no clause is are not said.
        let from = answer.begin_of(letters.start);
        let pushed = self.queue.push(utterance, text, interruptible, 1);
        let Some(clause) = self.queue.next_clause().filter(|_| pushed.is_ok()) else { return };
        self.current = Some(Saying {
            resampler: Resampler::new(self.hz, clause.rate.hz()),
            clause,
            request,
            letters: letters.end,
            from,
            deadline: self.heard_until.map_or(now, |until| until.max(now)) + PATIENCE,
            has_begun: false,
        });
    }

    /// What there is of the clause's sound goes to the playout; `None`: the clause is over, or the bot's own voice says the rest.
    fn go_on(&mut self, now: Instant, mut saying: Saying, out: &mut VecDeque<Output>) -> Option<Saying> {
        let is_followed =
            self.waiting.front().is_some_and(|next| next.of.as_ref().is_some_and(|(of, _)| *of == saying.request));
        match self.send(now, &mut saying, is_followed, out) {
            Step::Done => {
                self.queue.end();
                out.push_back(Output::Spoken(Spoken::Done { utterance: saying.clause.utterance }));
                None
            }
            Step::Lacks => {
                self.leave_to_near(&saying, out);
                None
            }
            Step::Waits if now >= saying.deadline => {
                out.push_back(Output::SoundLate);
                self.leave_to_near(&saying, out);
                None
            }
            Step::Waits => Some(saying),
        }
    }

    fn send(&mut self, now: Instant, saying: &mut Saying, is_followed: bool, out: &mut VecDeque<Output>) -> Step {
        let Some(answer) = self.answers.iter_mut().rev().find(|answer| answer.request == saying.request) else {
            return Step::Lacks;
        };
        if answer.is_mute {
            return Step::Lacks;
        }
        let due = answer.end_of(saying.letters, saying.from);
        let has_more = answer.has_more_words(saying.letters);
        let there = answer.pcm.len();
        // While no words have come behind it, all sound is its own.
        let end = if answer.is_whole || answer.is_over || has_more { due.min(there) } else { there };
        let is_end = match answer.is_over {
            true => due <= there,
            false => has_more && is_followed && due <= there,
        };
        let all = saying.clause.text.chars().count() as u32;
        // A slower speaker than is known yet reaches the last mark no sooner than the end.
        let lasts = (due - saying.from) as f64 * if answer.is_whole { 1.0 } else { SLOWER };
        let step = self.hz as usize / PIECES;
        let mut at = answer.sent.max(saying.from);
        while at < end {
            let upto = (at + step).min(end);
            if upto - at < step && !is_end && !answer.is_over {
                break;
            }
            let mut pcm = Vec::new();
            saying.resampler.push(&answer.pcm[at..upto], &mut pcm);
            let is_last = is_end && upto == end;
            if is_last {
                saying.resampler.finish(&mut pcm);
            }
            let share = (upto - saying.from) as f64 / lasts.max(1.0);
            let upto_char = if is_last { all } else { ((share * f64::from(all)) as u32).min(all.saturating_sub(1)) };
            at = upto;
            answer.sent = upto;
            answer.mark(saying.clause.utterance, upto_char, upto);
            if !std::mem::replace(&mut saying.has_begun, true) {
                let (utterance, engine) = (saying.clause.utterance, self.engine);
                out.push_back(Output::Spoken(Spoken::Started { utterance, engine, at: now }));
            }
            let lasts = Duration::from_secs_f64(pcm.len() as f64 / f64::from(saying.clause.rate.hz()));
            let until = self.heard_until.map_or(now, |until| until.max(now)) + lasts;
            self.heard_until = Some(until);
            saying.deadline = until + PATIENCE;
            if self.queue.send(&saying.clause, 0, Chunk { pcm: &pcm, upto_char }) == Break(()) {
                return Step::Done;
            }
        }
        if !is_end {
            return if answer.is_over { Step::Lacks } else { Step::Waits };
        }
        if !saying.has_begun {
            return Step::Lacks;
        }
        answer.ends_at_letter(saying.letters);
        if self.queue.next_clause().is_some_and(|clause| clause.said < all) {
            // All of its sound has left before that was known.
            answer.mark(saying.clause.utterance, all, answer.sent);
            let pcm = vec![0; saying.clause.rate.per_tick()];
            _ = self.queue.send(&saying.clause, 0, Chunk { pcm: &pcm, upto_char: all });
        }
        Step::Done
    }

    /// The endpoint's sound fails: the bot's own voice says the rest of the clause, and of the answer.
    fn leave_to_near(&mut self, saying: &Saying, out: &mut VecDeque<Output>) {
        if let Some(answer) = self.answer(saying.request) {
            answer.is_mute = true;
        }
        self.is_taken_over = true;
        for mut clause in self.queue.take_all() {
            clause.said = word_of(&clause.text, clause.said);
            self.near.insert(clause.utterance);
            out.push_back(Output::GoOn(clause));
        }
    }
}
