//! `SimulatedLine`: a line under simulated time around a [`Conversation`]. The bot's clauses last as long as they have characters, what is due
//! comes at its moment, and an hour of conversation takes milliseconds.
use crate::conversation::{Conversation, Input, Output, SayId, Why};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Sound of the bot: 15 characters a second.
const CHARACTER: Duration = Duration::from_millis(66);

/// From a clause that follows silence to its first sound.
const FIRST_SOUND: Duration = Duration::from_millis(20);

/// So many characters lie between two reports of what was heard.
const REPORT: u32 = 8;

/// How long after its onset a gate reports a voice.
pub const VOICE_NOTICED: Duration = Duration::from_millis(130);

/// How long after its end a gate reports that a voice has stopped.
pub const VOICE_ENDED: Duration = Duration::from_millis(200);

struct Playing {
    say: SayId,
    text: String,
    chars: u32,
    /// What was reported as heard of it; `None`: not begun.
    reported: Option<u32>,
}

/// A conversation, the bot's sound on its way to the caller, and the time.
pub struct SimulatedLine {
    pub talk: Conversation,
    now: Instant,
    start: Instant,
    playing: VecDeque<Playing>,
    /// When the clause that plays began, or begins; it moves on by the length of a pause.
    began: Instant,
    paused: Option<Instant>,
    /// The clause whose sound began last, and when.
    sounded: Option<(SayId, Instant)>,
    out: VecDeque<Output>,
}

impl SimulatedLine {
    /// A line on which nothing has happened yet; `now` is where its time begins.
    pub fn new(talk: Conversation, now: Instant) -> Self {
        let (playing, out) = (VecDeque::new(), VecDeque::new());
        Self { talk, now, start: now, playing, began: now, paused: None, sounded: None, out }
    }

    pub fn now(&self) -> Instant {
        self.now
    }

    /// Since the line began.
    pub fn since_start(&self) -> Duration {
        self.now.saturating_duration_since(self.start)
    }

    /// The clause that plays, or is held, as it is said.
    pub fn playing(&self) -> Option<&str> {
        self.playing.front().map(|playing| playing.text.as_str())
    }

    /// How long, in characters, all is that the bot still says.
    pub fn characters_to_come(&self) -> u32 {
        self.playing.iter().map(|playing| playing.chars).sum()
    }

    /// The clause whose sound began last, and when it did.
    pub fn last_sound(&self) -> Option<(SayId, Instant)> {
        self.sounded
    }

    /// The bot's sound is stopped for the caller's voice.
    pub fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Nobody speaks, and the bot waits for the caller.
    pub fn awaits_caller(&self) -> bool {
        self.playing.is_empty() && self.talk.deadline().is_some_and(|(_, why)| why == Why::NoInput)
    }

    /// What the conversation wants done. The bot's sound is taken care of here, and told nevertheless.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    pub fn input(&mut self, input: Input) {
        self.talk.handle(self.now, input);
        while let Some(output) = self.talk.poll() {
            match &output {
                Output::Say { say, clause, .. } | Output::Backchannel { say, clause } => {
                    if self.playing.is_empty() {
                        self.began = self.now + FIRST_SOUND;
                    }
                    let text = clause.said().to_owned();
                    self.playing.push_back(Playing { say: *say, text, chars: clause.chars(), reported: None });
                }
                Output::Pause => self.paused = Some(self.now),
                Output::Resume => self.resume(),
                Output::Hush { floor, .. } => self.hush(*floor),
                _ => {}
            }
            self.out.push_back(output);
        }
    }

    fn resume(&mut self) {
        if let Some(since) = self.paused.take() {
            self.began += self.now - since;
        }
    }

    fn hush(&mut self, floor: SayId) {
        self.paused = None;
        if self.playing.front().is_some_and(|playing| playing.say < floor) {
            self.began = self.now + FIRST_SOUND;
        }
        self.playing.retain(|playing| playing.say >= floor);
    }

    /// Goes to the next moment, at most to `until`, at which something is due, and does it. `false`: nothing was, and it is `until`.
    pub fn step(&mut self, until: Instant) -> bool {
        let talk = self.talk.deadline().map(|(at, _)| at);
        let sound = self.sound_due();
        let due = [talk, sound].into_iter().flatten().min().filter(|at| *at <= until);
        let Some(at) = due else {
            self.now = self.now.max(until);
            return false;
        };
        self.now = self.now.max(at);
        if sound.is_some_and(|at| at <= self.now) {
            self.report();
        }
        if self.talk.deadline().is_some_and(|(at, _)| at <= self.now) {
            self.input(Input::Tick);
            let left = self.talk.deadline().filter(|(at, _)| *at <= self.now);
            assert!(left.is_none(), "a deadline stays due: {:?}", left.map(|(_, why)| why));
        }
        true
    }

    /// When the next report of what is heard is due.
    fn sound_due(&self) -> Option<Instant> {
        let playing = self.playing.front().filter(|_| self.paused.is_none())?;
        let next = |reported: u32| (reported + REPORT).min(playing.chars);
        Some(self.began + CHARACTER * playing.reported.map_or(0, next))
    }

    fn report(&mut self) {
        let Some(playing) = self.playing.front_mut() else { return };
        let (say, all) = (playing.say, playing.chars);
        let Some(reported) = playing.reported else {
            playing.reported = Some(0);
            self.sounded = Some((say, self.now));
            return self.input(Input::Speaking { say });
        };
        let heard = (reported + REPORT).min(all);
        playing.reported = Some(heard);
        if heard == all {
            self.playing.pop_front();
            self.began += CHARACTER * all;
        }
        self.input(Input::Heard { say, chars: heard, whole: heard == all });
    }
}
