//! `RemoteUtterance`: one utterance, heard by a remote recogniser. A core: it is told the time, and holds no socket. It sends sound as it
//! comes, asks for the words at each pause, and gives up on an engine that fails or lets a caller wait; the utterance is then whole for
//! another one.
use super::connection::OPENING;
use media::asr::remote::{Finish, UtteranceDialogue, UtteranceNews};
use media::asr::{Cue, Heard, Hypothesis};
use media::pool::utterance::{EngineWork, Pause, Utterance, UtteranceLimits};
use media::remote::{Message, Received, RemoteFault};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

#[derive(Debug)]
pub enum Input {
    Cue(Cue),
    /// The connection is open.
    Opened,
    Received(Received),
    Failed(RemoteFault),
    /// The deadline is reached.
    Tick,
}

#[derive(Debug, PartialEq)]
pub enum Output {
    Send(Message),
    Heard(Heard),
    /// The engine is given up: [`RemoteUtterance::into_utterance`] is for another.
    Failed(RemoteFault),
    /// The same, and nothing is wrong with the engine: it heard nobody, or closed a connection on which nothing was asked of it.
    Left(RemoteFault),
}

/// What an engine is given an utterance with.
pub struct UtteranceSetup {
    pub engine: &'static str,
    pub dialogue: Box<dyn UtteranceDialogue>,
    /// From a pause to its words.
    pub patience: Duration,
    pub limits: UtteranceLimits,
}

enum State {
    Opening { by: Instant },
    Open,
    Over,
}

pub struct RemoteUtterance {
    setup: UtteranceSetup,
    utterance: Utterance,
    state: State,
    /// The caller speaks.
    speaking: bool,
    /// When the caller paused, while words of it are wanted.
    paused: Option<Instant>,
    /// The pause whose words the engine has been asked for.
    asked: Option<Pause>,
    /// When the last message was sent.
    sent: Instant,
    out: VecDeque<Output>,
}

impl RemoteUtterance {
    pub fn new(now: Instant, setup: UtteranceSetup) -> Self {
        let (utterance, out) = (Utterance::default(), VecDeque::new());
        let state = State::Opening { by: now + OPENING };
        Self { setup, utterance, state, speaking: false, paused: None, asked: None, sent: now, out }
    }

    pub fn handle(&mut self, now: Instant, input: Input) {
        if matches!(self.state, State::Over) {
            return;
        }
        match input {
            Input::Cue(cue) => self.cue(now, cue),
            Input::Opened => {
                self.state = State::Open;
                for message in self.setup.dialogue.opening() {
                    self.send(now, message);
                }
            }
            Input::Received(received) => match self.setup.dialogue.received(received) {
                Ok(None) => {}
                Ok(Some(UtteranceNews::Partial(text))) => {
                    if self.utterance.is_speaking() {
                        self.out.push_back(Output::Heard(Heard::Partial { text }));
                    }
                }
                Ok(Some(UtteranceNews::Words(hypothesis))) => self.answer(now, hypothesis),
                Err(fault) => return self.fail(fault),
            },
            Input::Failed(fault) => return self.fail(fault),
            Input::Tick => {}
        }
        self.work(now);
        self.check_time(now);
    }

    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    pub fn deadline(&self) -> Option<Instant> {
        let opening = match self.state {
            State::Opening { by } => Some(by),
            State::Open => self.setup.dialogue.keep_alive().map(|(after, _)| self.sent + after),
            State::Over => return None,
        };
        opening.into_iter().chain(self.paused.map(|at| at + self.setup.patience)).min()
    }

    /// What is sent last on the connection.
    pub fn closing(&mut self) -> Option<Message> {
        if matches!(self.state, State::Open) { self.setup.dialogue.closing() } else { None }
    }

    /// The utterance so far, to be heard by another engine from its beginning.
    pub fn into_utterance(mut self) -> Utterance {
        self.utterance.restart();
        self.utterance
    }

    fn cue(&mut self, now: Instant, cue: Cue) {
        let (begins, pauses) = (matches!(cue, Cue::Begin { .. }), matches!(cue, Cue::Pause { .. }));
        let anew = matches!(cue, Cue::Anew { .. });
        if self.utterance.cue(now, cue, self.setup.limits).is_err() {
            return self.fail(RemoteFault::Full);
        }
        if begins || anew {
            (self.speaking, self.paused, self.asked) = (true, None, None);
        }
        if pauses {
            self.speaking = false;
            self.paused = self.utterance.is_final_due().then_some(now);
        }
    }

    fn send(&mut self, now: Instant, message: Message) {
        self.sent = now;
        self.out.push_back(Output::Send(message));
    }

    /// Gives the engine what it has not had.
    fn work(&mut self, now: Instant) {
        while matches!(self.state, State::Open) {
            match self.utterance.work() {
                EngineWork::Rest => return,
                // Only engines of this machine work ahead.
                EngineWork::LookAhead => {}
                EngineWork::Anew if self.setup.dialogue.begin_anew() => self.utterance.restart(),
                EngineWork::Anew => {}
                EngineWork::Feed(pcm) => {
                    self.utterance.feed(pcm.len());
                    if let Some(message) = self.setup.dialogue.sound(&pcm) {
                        self.send(now, message);
                    }
                }
                EngineWork::Finish(pause) if self.asked == Some(pause) => return,
                EngineWork::Finish(pause) => {
                    self.asked = Some(pause);
                    match self.setup.dialogue.finish() {
                        Finish::Ask(message) => self.send(now, message),
                        Finish::Known(hypothesis) => self.answer(now, hypothesis),
                    }
                }
            }
        }
    }

    /// The words of the pause that was asked for last; nobody wants them where the caller has gone on.
    fn answer(&mut self, now: Instant, hypothesis: Hypothesis) {
        let Some(pause) = self.asked.take() else { return };
        self.paused = None;
        let heard = self.utterance.answer(now, pause, hypothesis, self.setup.engine);
        self.out.extend(heard.map(Output::Heard));
    }

    fn check_time(&mut self, now: Instant) {
        let is_late = self.paused.is_some_and(|at| now >= at + self.setup.patience);
        match self.state {
            State::Opening { by } if is_late || now >= by => self.fail(RemoteFault::Late),
            State::Open if is_late && self.setup.dialogue.may_be_silent() => self.fail(RemoteFault::Unanswered),
            State::Open if is_late => self.fail(RemoteFault::Late),
            State::Open => {
                if let Some((after, message)) = self.setup.dialogue.keep_alive()
                    && now >= self.sent + after
                {
                    self.send(now, message);
                }
            }
            State::Opening { .. } | State::Over => {}
        }
    }

    fn fail(&mut self, fault: RemoteFault) {
        let is_open = matches!(self.state, State::Open);
        let is_idle = is_open && self.paused.is_none() && !self.speaking;
        self.state = State::Over;
        self.out.push_back(match fault {
            RemoteFault::Unanswered => Output::Left(fault),
            RemoteFault::Closed if is_idle => Output::Left(fault),
            _ => Output::Failed(fault),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::asr::remote::{RecogniserAccount, RecogniserProtocol};
    use media::asr::{Ask, Expect, Lexicon};
    use media::{Language, SamplePos};

    const PATIENCE: Duration = Duration::from_millis(700);
    const TICK: Duration = Duration::from_millis(20);

    /// A session whose time passes in steps, and what it gave so far.
    struct Bench {
        core: RemoteUtterance,
        now: Instant,
        sent: Vec<String>,
        heard: Vec<Heard>,
        fault: Option<RemoteFault>,
        /// Of `fault`: nothing is wrong with the engine.
        is_left: bool,
    }

    impl Bench {
        fn new(protocol: RecogniserProtocol) -> Self {
            let account = RecogniserAccount { protocol, url: "ws://h".into(), model: "m".into(), key: None };
            let ask = Ask { language: Language::En, expect: Expect::Anything, lexicon: Lexicon::default() };
            let (length, backlog) = (Duration::from_secs(30), Duration::from_secs(9));
            let setup = UtteranceSetup {
                engine: "far",
                dialogue: account.dialogue(&ask),
                patience: PATIENCE,
                limits: UtteranceLimits { length, backlog },
            };
            let now = Instant::now();
            let (sent, heard, fault, is_left) = (Vec::new(), Vec::new(), None, false);
            Self { core: RemoteUtterance::new(now, setup), now, sent, heard, fault, is_left }
        }

        fn take(&mut self, input: Input) -> &mut Self {
            self.core.handle(self.now, input);
            while let Some(output) = self.core.poll() {
                match output {
                    Output::Send(Message::Text(text)) => self.sent.push(text),
                    Output::Send(Message::Binary(bytes)) => self.sent.push(format!("sound {}", bytes.len() / 2)),
                    Output::Send(other) => self.sent.push(format!("{other:?}").split(' ').next().unwrap().to_owned()),
                    Output::Heard(heard) => self.heard.push(heard),
                    Output::Failed(fault) => assert_eq!(self.fault.replace(fault), None, "it fails once"),
                    Output::Left(fault) => {
                        assert_eq!(self.fault.replace(fault), None, "it is left once");
                        self.is_left = true;
                    }
                }
            }
            self
        }

        /// Time passes; the core is woken when it asked for it.
        fn pass(&mut self, time: Duration) -> &mut Self {
            let end = self.now + time;
            while self.now < end {
                self.now += TICK;
                if self.core.deadline().is_some_and(|at| at <= self.now) {
                    self.take(Input::Tick);
                }
            }
            self
        }

        fn begin(&mut self, at: u64) -> &mut Self {
            self.take(Input::Cue(Cue::Begin { at: SamplePos(at) }))
        }

        fn speak(&mut self) -> &mut Self {
            self.take(Input::Cue(Cue::Sound(vec![7; 320])))
        }

        fn pause(&mut self, at: u64) -> &mut Self {
            self.take(Input::Cue(Cue::Pause { at: SamplePos(at) }))
        }

        fn text(&mut self, text: &str) -> &mut Self {
            self.take(Input::Received(Received::Text(text.into())))
        }
    }

    fn words(heard: &Heard) -> (&str, u64, u64) {
        match heard {
            Heard::Final { hypothesis, from, to, engine: "far", .. } => {
                (hypothesis.text.as_deref().unwrap_or(""), from.0, to.0)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sound_goes_out_as_it_comes_and_the_answer_to_the_pause_is_the_call_s() {
        let mut bench = Bench::new(RecogniserProtocol::Vosk);
        bench.begin(960).speak();
        assert!(bench.sent.is_empty(), "it is not open yet");
        bench.take(Input::Opened).speak().pause(9_600);
        let config = r#"{"config":{"sample_rate":16000,"words":true}}"#;
        assert_eq!(bench.sent, [config, "sound 320", "sound 320", "{\"reset\" : 1}"]);
        bench.text(r#"{"partial": "two"}"#).text(r#"{"partial": "two"}"#);
        assert!(bench.heard.is_empty(), "nobody wants partial words in a pause");
        bench.pass(Duration::from_millis(200)).text(r#"{"text": "two people"}"#);
        assert_eq!(words(&bench.heard[0]), ("two people", 960, 9_600));
        let Heard::Final { took, .. } = bench.heard[0] else { panic!() };
        assert_eq!(took, Duration::from_millis(200));
        bench.pass(Duration::from_secs(30));
        assert_eq!((bench.fault, bench.heard.len()), (None, 1), "nothing is waited for");
    }

    #[test]
    fn words_of_a_pause_after_which_the_caller_went_on_are_dropped_and_the_next_cover_all() {
        let mut bench = Bench::new(RecogniserProtocol::Vosk);
        bench.take(Input::Opened).begin(960).speak().pause(9_600).begin(12_000);
        bench.text(r#"{"partial": ""}"#).text(r#"{"text": "two"}"#);
        assert!(matches!(&bench.heard[..], [Heard::Partial { text }] if text == "two") || bench.heard.is_empty());
        bench.heard.clear();
        bench.speak().pause(20_000).text(r#"{"partial": ""}"#).text(r#"{"text": "people"}"#);
        assert_eq!(words(&bench.heard[0]), ("two people", 960, 20_000));
    }

    #[test]
    fn an_engine_that_is_late_is_given_up_after_its_patience_and_the_utterance_is_whole() {
        for opens in [false, true] {
            let mut bench = Bench::new(RecogniserProtocol::Deepgram);
            bench.begin(960);
            if opens {
                bench.take(Input::Opened);
            }
            for _ in 0..50 {
                bench.speak().pass(TICK);
            }
            bench.pause(96_000).pass(PATIENCE - TICK);
            assert_eq!(bench.fault, None);
            bench.pass(TICK);
            assert_eq!(bench.fault, Some(RemoteFault::Late));
            let mut utterance = bench.core.into_utterance();
            let mut samples = 0;
            let pause = loop {
                match utterance.work() {
                    EngineWork::Feed(pcm) => {
                        samples += pcm.len();
                        utterance.feed(pcm.len());
                    }
                    EngineWork::Finish(pause) => break pause,
                    EngineWork::Rest | EngineWork::LookAhead | EngineWork::Anew => {
                        panic!("the pause waits for its words")
                    }
                }
            };
            assert_eq!(samples, 50 * 320);
            let heard = Hypothesis { text: Some("yes".into()), confidence: 0.9 };
            let answer = utterance.answer(bench.now, pause, heard, "near");
            assert!(matches!(answer, Some(Heard::Final { took: PATIENCE, .. })), "the wait counts: {answer:?}");
        }
    }

    #[test]
    fn an_engine_that_does_not_open_is_given_up_before_anybody_speaks() {
        let mut bench = Bench::new(RecogniserProtocol::Vosk);
        bench.pass(OPENING + TICK);
        assert_eq!(bench.fault, Some(RemoteFault::Late));
    }

    #[test]
    fn faults_end_it_at_once_and_nothing_is_heard_of_it_afterwards() {
        let failed = [
            Input::Failed(RemoteFault::Refused(401)),
            Input::Failed(RemoteFault::Closed),
            Input::Received(Received::Text("{".into())),
        ];
        for (input, fault) in
            failed.into_iter().zip([RemoteFault::Refused(401), RemoteFault::Closed, RemoteFault::Garbled])
        {
            let mut bench = Bench::new(RecogniserProtocol::Vosk);
            bench.take(Input::Opened).begin(0).speak().take(input);
            assert_eq!(bench.fault, Some(fault));
            bench.speak().pause(9_600).text(r#"{"text": "late"}"#).pass(Duration::from_secs(9));
            assert!(bench.heard.is_empty());
        }
    }

    #[test]
    fn a_connection_that_closes_while_nobody_speaks_is_no_failure_of_the_engine() {
        let closed = || Input::Failed(RemoteFault::Closed);
        let mut bench = Bench::new(RecogniserProtocol::Vosk);
        bench.take(Input::Opened).take(closed());
        assert!(bench.is_left, "nobody has spoken yet");
        let mut bench = Bench::new(RecogniserProtocol::Vosk);
        bench.take(Input::Opened).begin(0).speak().pause(960);
        bench.text(r#"{"partial": ""}"#).text(r#"{"text": "yes"}"#).take(closed());
        assert!(bench.is_left && bench.heard.len() == 1, "the words have come");
        let mut bench = Bench::new(RecogniserProtocol::Vosk);
        bench.take(Input::Opened).begin(0).speak().take(closed());
        assert!(!bench.is_left && bench.fault == Some(RemoteFault::Closed), "the caller speaks");
        let mut bench = Bench::new(RecogniserProtocol::Vosk);
        bench.take(Input::Opened).begin(0).speak().pause(960).take(closed());
        assert!(!bench.is_left, "words are wanted");
    }

    #[test]
    fn a_connection_that_waits_for_a_caller_is_kept_alive() {
        let mut bench = Bench::new(RecogniserProtocol::Deepgram);
        bench.take(Input::Opened).pass(Duration::from_secs(9));
        assert_eq!(bench.sent, [r#"{"type":"KeepAlive"}"#; 2]);
        bench.begin(0).speak().pass(Duration::from_secs(3));
        assert_eq!(bench.sent.len(), 3, "sound keeps it alive");
    }

    #[test]
    fn an_upload_asks_once_for_each_pause() {
        let mut bench = Bench::new(RecogniserProtocol::OpenAi);
        bench.take(Input::Opened).begin(0).speak().pause(960);
        bench.take(Input::Received(Received::Binary(b"{\"text\": \"Yes.\"}"[..].into())));
        bench.take(Input::Received(Received::End));
        assert_eq!((words(&bench.heard[0]).0, bench.sent.len()), ("yes", 1));
        bench.begin(2_000).speak().pause(4_000);
        assert_eq!(bench.sent.len(), 2);
    }
}
