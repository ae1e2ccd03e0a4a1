//! `Report`: what a test call measured, for people (lines while it runs) and for programs (JSON).
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime};

/// What happened and when; `turn` counts the caller's acts from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// The bot began to speak, and this is no answer.
    BotBegan {
        at: Instant,
    },
    BotFinished {
        at: Instant,
    },
    CallerBegan {
        turn: usize,
        at: Instant,
    },
    CallerStopped {
        turn: usize,
        at: Instant,
    },
    Ducked {
        turn: usize,
        at: Instant,
    },
    Silent {
        turn: usize,
        at: Instant,
    },
    Answered {
        turn: usize,
        at: Instant,
    },
    Unanswered {
        turn: usize,
    },
}

/// One act of the caller and what the bot made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The first sample of the caller's speech, or its first key.
    pub began: Instant,
    /// The end of the last sample of speech; the clip's trailing silence does not count.
    pub stopped: Option<Instant>,
    /// The bot was speaking when the caller began.
    pub interrupts: bool,
    /// After an interruption: the bot lowered its voice by 14 dB or more; see [`super::level::Lowered`] for how surely.
    pub ducked: Option<Instant>,
    /// After an interruption: the end of the bot's last sound before it paused. A bot that speaks on has it late, at its end.
    pub silent: Option<Instant>,
    /// The bot began to speak though the caller had not ended.
    pub spoken_over: Option<Instant>,
    /// The bot's first sound after a pause once the caller had stopped. (A sentence that was held and goes on counts too: its
    /// words are not known here.)
    pub answered: Option<Instant>,
    /// The end of the bot's last sound of that turn.
    pub finished: Option<Instant>,
}

impl Turn {
    pub fn new(began: Instant) -> Self {
        Self {
            began,
            stopped: None,
            interrupts: false,
            ducked: None,
            silent: None,
            spoken_over: None,
            answered: None,
            finished: None,
        }
    }

    /// From the caller's last sample to the bot's first, in ms; negative where the bot did not wait for the end.
    pub fn response_ms(&self) -> Option<f64> {
        Some(between(self.stopped?, self.answered?))
    }
}

/// A whole call.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// When the call was answered: the zero of every time reported.
    pub answered: Instant,
    /// First and last sound of the bot before the caller's first act.
    pub greeting: Option<(Instant, Instant)>,
    pub turns: Vec<Turn>,
    /// Acts the call did not last long enough for.
    pub unsaid: usize,
    /// Packets of sound.
    pub sent: u64,
    pub received: u64,
    pub lost: u64,
    /// Came twice or after a later one.
    pub late: u64,
    /// How often this phone was late itself and left time out of its stream.
    pub stalls: u64,
}

/// How a call came about and ended; what the core does not see.
#[derive(Clone, Debug)]
pub struct CallFacts {
    pub target: String,
    pub codec: &'static str,
    /// From INVITE to 200.
    pub setup: Duration,
    /// The same moment on both clocks, so that times compare with a packet capture's.
    pub clocks: (Instant, SystemTime),
    pub ended_at: Instant,
    pub ended_by: &'static str,
    pub ended_reason: String,
}

impl Report {
    pub fn new(answered: Instant) -> Self {
        Self {
            answered,
            greeting: None,
            turns: Vec::new(),
            unsaid: 0,
            sent: 0,
            received: 0,
            lost: 0,
            late: 0,
            stalls: 0,
        }
    }

    /// Every act was played and got a spoken answer.
    pub fn is_complete(&self) -> bool {
        self.unsaid == 0 && self.turns.iter().all(|turn| turn.answered.is_some())
    }

    /// Response times in ms, shortest first.
    pub fn responses(&self) -> Vec<f64> {
        let mut responses: Vec<f64> = self.turns.iter().filter_map(Turn::response_ms).collect();
        responses.sort_by(f64::total_cmp);
        responses
    }

    /// The whole report; `labels` name the acts. Times are milliseconds since the answer.
    pub fn json(&self, facts: &CallFacts, labels: &[String]) -> Value {
        let ms = |at: Instant| round(between(self.answered, at));
        let after = |turn: &Turn, at: Option<Instant>| at.map(|at| round(between(turn.began, at)));
        let turn = |(index, turn): (usize, &Turn)| {
            json!({
                "input": labels.get(index),
                "caller_began_ms": ms(turn.began),
                "caller_stopped_ms": turn.stopped.map(ms),
                "bot_began_ms": turn.answered.map(ms),
                "bot_finished_ms": turn.finished.map(ms),
                "response_ms": turn.response_ms().map(round),
                "answered": turn.answered.is_some(),
                "interrupts": turn.interrupts,
                "ducked_ms": turn.ducked.map(ms),
                "ducked_after_ms": after(turn, turn.ducked),
                "silent_ms": turn.silent.map(ms),
                "silent_after_ms": after(turn, turn.silent),
                "spoken_over_ms": turn.spoken_over.map(ms),
            })
        };
        let responses = self.responses();
        json!({
            "to": facts.target,
            "answered": true,
            "setup_ms": round(facts.setup.as_secs_f64() * 1e3),
            "answered_at": unix(facts, self.answered),
            "ended_ms": ms(facts.ended_at),
            "ended": { "by": facts.ended_by, "reason": facts.ended_reason },
            "codec": facts.codec,
            "greeting": self.greeting.map(|(began, finished)| json!({ "began_ms": ms(began), "finished_ms": ms(finished) })),
            "turns": self.turns.iter().enumerate().map(turn).collect::<Vec<_>>(),
            "unsaid": labels.get(labels.len().saturating_sub(self.unsaid)..),
            "complete": self.is_complete(),
            "response_ms": { "median": quantile(&responses, 0.5).map(round), "p95": quantile(&responses, 0.95).map(round) },
            "packets": { "sent": self.sent, "received": self.received, "lost": self.lost, "late": self.late, "stalls": self.stalls },
        })
    }

    /// The line for an observation while the call runs.
    pub fn line(answered: Instant, observation: Observation, turns: &mut Vec<Turn>, labels: &[String]) -> String {
        use Observation::*;
        let label = |turn: usize| labels.get(turn).map_or("…", String::as_str);
        let since = |from: Option<Instant>, at: Instant| from.map_or(0.0, |from| between(from, at));
        let (at, text) = match observation {
            BotBegan { at } => (Some(at), "bot     speaks".to_owned()),
            BotFinished { at } => (Some(at), "bot     has finished".to_owned()),
            CallerBegan { turn, at } => {
                turns.resize(turn, Turn::new(at));
                turns.push(Turn::new(at));
                (Some(at), format!("caller  {}", label(turn)))
            }
            CallerStopped { turn, at } => {
                turns[turn].stopped = Some(at);
                (Some(at), "caller  stops".to_owned())
            }
            Ducked { turn, at } => {
                let after = since(turns.get(turn).map(|t| t.began), at);
                (Some(at), format!("bot     lowers its voice, {after:.0} ms after the caller began"))
            }
            Silent { turn, at } => {
                let after = since(turns.get(turn).map(|t| t.began), at);
                (Some(at), format!("bot     falls silent, {after:.0} ms after the caller began"))
            }
            Answered { turn, at } => {
                let after = since(turns.get(turn).and_then(|t| t.stopped), at);
                (Some(at), format!("bot     answers after {after:.0} ms"))
            }
            Unanswered { turn } => (None, format!("bot     gives no answer to: {}", label(turn))),
        };
        match at {
            Some(at) => format!("{:8.2} s  {text}", between(answered, at) / 1e3),
            None => format!("{:8}    {text}", ""),
        }
    }

    /// The last lines: how many were answered and how fast.
    pub fn summary(&self, facts: &CallFacts) -> String {
        let responses = self.responses();
        let answered = self.turns.iter().filter(|turn| turn.answered.is_some()).count();
        let lasted = between(self.answered, facts.ended_at) / 1e3;
        let mut text = format!("ended by {} after {lasted:.1} s", facts.ended_by);
        if !facts.ended_reason.is_empty() {
            text += &format!(" ({})", facts.ended_reason);
        }
        text += &format!("; {answered} of {} inputs answered", self.turns.len() + self.unsaid);
        if let (Some(median), Some(p95)) = (quantile(&responses, 0.5), quantile(&responses, 0.95)) {
            text += &format!("; response median {median:.0} ms, p95 {p95:.0} ms");
        }
        text
    }
}

/// The smallest value that at least this share of the sorted values does not exceed.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// Milliseconds from `from` to `to`, negative where `to` is earlier.
fn between(from: Instant, to: Instant) -> f64 {
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    to.checked_duration_since(from).map_or_else(|| -ms(from.duration_since(to)), ms)
}

fn round(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}

/// Seconds since 1970, as packet captures count.
fn unix(facts: &CallFacts, at: Instant) -> f64 {
    let (instant, system) = facts.clocks;
    let base = system.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    base + between(instant, at) / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[5.0], 0.95), Some(5.0));
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.95), Some(4.0));
    }

    #[test]
    fn a_report_names_every_input_and_counts_from_the_answer() {
        let zero = Instant::now();
        let at = |ms| zero + Duration::from_millis(ms);
        let mut report = Report::new(zero);
        report.turns = vec![Turn {
            stopped: Some(at(2000)),
            answered: Some(at(2400)),
            interrupts: true,
            ducked: Some(at(1150)),
            ..Turn::new(at(1000))
        }];
        report.unsaid = 1;
        let facts = CallFacts {
            target: "sip:a@b".into(),
            codec: "PCMU",
            setup: Duration::from_millis(7),
            clocks: (at(1000), SystemTime::UNIX_EPOCH + Duration::from_secs(100)),
            ended_at: at(5000),
            ended_by: "the far end",
            ended_reason: String::new(),
        };
        let json = report.json(&facts, &["one".into(), "two".into()]);
        assert_eq!(json["turns"][0]["response_ms"], 400.0);
        assert_eq!(json["turns"][0]["ducked_after_ms"], 150.0);
        assert_eq!(json["unsaid"][0], "two");
        assert_eq!(json["complete"], false);
        assert_eq!(json["answered_at"], 99.0);
        assert_eq!(
            report.summary(&facts),
            "ended by the far end after 5.0 s; 1 of 2 inputs answered; response median 400 ms, p95 400 ms"
        );
    }
}
