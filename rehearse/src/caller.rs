//! `Caller`: who speaks with the bot in a rehearsal. `ScriptedCaller` follows the steps of a scenario; of `ModelledCaller` a language model
//! takes the part.
use crate::pattern::{Said, Words};
use crate::random::Random;
use crate::record::Failure;
use crate::scenario::{Doing, Heard, Moment, Noise, Scenario, Spoken, StandingAnswer, Step, Variation};
use dialog::bot::Bot;
use dialog::{say, value};
use jiff::civil::DateTime;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::time::Duration;

mod modelled;

pub use modelled::ModelledCaller;

/// Speech: so long for each character at the usual speed.
const CHARACTER: Duration = Duration::from_millis(60);

/// A caller is asked what they do whenever their moment has come. They may take their own time to think: the call's time stands still.
pub trait Caller {
    /// When the caller does something next.
    fn moment(&self) -> NextMoment;

    /// What they do now.
    ///
    /// # Errors
    /// What the bot said is not what they expected.
    fn act(&mut self, hearing: &Hearing<'_>) -> Result<Action, Failure>;
}

#[derive(Clone, PartialEq, Eq)]
pub enum NextMoment {
    /// When the bot has finished and waits for them.
    BotDone,
    /// While the bot speaks.
    Over(Moment),
}

/// What the caller knows when it is their turn.
pub struct Hearing<'a> {
    /// What the bot has said since they last did something.
    pub said: &'a Said,
    /// The call has ended: they can only judge what was said.
    pub over: bool,
    /// A person is looked for, and nobody has told how that ends.
    pub waits_for_person: bool,
    /// From their last word to the bot's first sound.
    pub response: Option<Duration>,
    pub slots: &'a BTreeMap<String, Json>,
    pub bot: &'a Bot,
    pub now: DateTime,
}

impl Hearing<'_> {
    /// The value of a slot as the bot says it.
    fn spoken(&self, slot: &str) -> Option<String> {
        let kind = &self.bot.slots[self.bot.slot(slot)?].kind;
        let value = value::of_json(kind, self.slots.get(slot)?, self.bot.language)?;
        Some(say::value(&value, kind, self.bot.language, self.now.date()))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Say(Utterance),
    Type {
        text: String,
        pause: Duration,
    },
    Keys {
        keys: String,
        pause: Duration,
    },
    /// Says nothing for so long.
    Wait(Duration),
    /// The same, and what the bot has said so far still counts.
    Listen(Duration),
    HangUp,
}

/// What a caller says, and what a recogniser makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Utterance {
    pub words: String,
    /// `None`: nothing was understood.
    pub recognised: Option<String>,
    pub confidence: f32,
    /// Before they speak.
    pub pause: Duration,
    pub length: Duration,
    /// From the report of their silence to the recogniser's words.
    pub recognise: Duration,
    /// Times the usual speed.
    pub pace: f32,
    /// Behind these words; `None`: that of the call.
    pub noise: Option<Noise>,
}

/// How long a caller who waits for a person listens before they look around again.
const PATIENCE: Duration = Duration::from_secs(1);

/// A text of the persona by its name.
type Persona<'a> = BTreeMap<&'a str, &'a str>;

/// Whom the caller is in this run.
fn chosen<'a>(persona: &'a BTreeMap<String, Vec<String>>, random: &mut Random) -> Persona<'a> {
    let one = |(name, texts): (&'a String, &'a Vec<String>)| Some((name.as_str(), random.one_of(texts)?.as_str()));
    persona.iter().filter_map(one).collect()
}

/// A text with the persona's own in place of their names.
fn filled(text: &str, persona: &Persona<'_>) -> String {
    persona.iter().fold(text.to_owned(), |text, (name, own)| text.replace(&format!("{{{name}}}"), own))
}

/// How the caller speaks in this run, and how they are heard.
struct Manner<'a> {
    variation: &'a Variation,
    pace: f32,
    random: Random,
}

impl<'a> Manner<'a> {
    fn new(variation: &'a Variation, mut random: Random) -> Self {
        Self { variation, pace: random.between(variation.pace), random }
    }

    fn time(&mut self, [low, high]: [Duration; 2]) -> Duration {
        low + (high - low).mul_f32(self.random.share())
    }

    /// Before the caller does something.
    fn pause(&mut self) -> Duration {
        self.time(self.variation.pause)
    }

    fn utterance(&mut self, words: String, recognised: String, spoken: &Spoken) -> Utterance {
        let drawn = self.random.between(self.variation.confidence);
        let pace = spoken.pace.unwrap_or(self.pace);
        let length = (CHARACTER * words.chars().count() as u32).div_f32(pace);
        Utterance {
            recognised: Some(recognised),
            confidence: spoken.confidence.unwrap_or(drawn),
            pause: self.pause(),
            length,
            recognise: self.time(self.variation.recognise),
            words,
            pace,
            noise: spoken.noise.clone(),
        }
    }
}

pub struct ScriptedCaller<'a> {
    steps: &'a [Step],
    at: usize,
    answers: &'a [StandingAnswer],
    given: Vec<u32>,
    persona: Persona<'a>,
    manner: Manner<'a>,
}

impl<'a> ScriptedCaller<'a> {
    pub fn new(scenario: &'a Scenario, mut random: Random) -> Self {
        let persona = chosen(&scenario.persona, &mut random);
        Self {
            steps: &scenario.steps,
            at: 0,
            answers: &scenario.answers,
            given: vec![0; scenario.answers.len()],
            persona,
            manner: Manner::new(&scenario.variation, random),
        }
    }

    fn one_text(&mut self, texts: &[String]) -> String {
        let text = self.manner.random.one_of(texts).cloned().unwrap_or_default();
        filled(&text, &self.persona)
    }

    fn utterance(&mut self, words: String, spoken: &Spoken) -> Utterance {
        let mishears = !spoken.misheard.is_empty() && self.manner.random.share() < self.manner.variation.misheard;
        let recognised = if mishears { self.one_text(&spoken.misheard) } else { words.clone() };
        self.manner.utterance(words, recognised, spoken)
    }

    fn action(&mut self, doing: &Doing) -> Action {
        match doing {
            Doing::Say(spoken) => {
                let words = self.one_text(&spoken.texts);
                Action::Say(self.utterance(words, spoken))
            }
            Doing::Interrupt(_, spoken) => {
                let words = self.one_text(&spoken.texts);
                Action::Say(Utterance { pause: Duration::ZERO, ..self.utterance(words, spoken) })
            }
            Doing::Type(texts) => Action::Type { text: self.one_text(texts), pause: self.manner.pause() },
            Doing::Keys(keys) => Action::Keys { keys: keys.clone(), pause: self.manner.pause() },
            Doing::Silence(time) => Action::Wait(*time),
            Doing::Mumble(length) => Action::Say(Utterance {
                words: "(mumbles)".into(),
                recognised: None,
                confidence: 0.0,
                pause: self.manner.pause(),
                length: *length,
                recognise: self.manner.time(self.manner.variation.recognise),
                pace: self.manner.pace,
                noise: None,
            }),
            Doing::HangUp => Action::HangUp,
        }
    }

    /// What the caller answers whenever this is said, where the next step expects something else.
    fn standing(&mut self, said: &Said) -> Option<Action> {
        let fits = |(answer, given): &(&StandingAnswer, &mut u32)| {
            **given < answer.times && answer.hear.found(said).next().is_some()
        };
        let answers = self.answers;
        let (answer, given) = answers.iter().zip(&mut self.given).find(fits)?;
        *given += 1;
        Some(self.action(&answer.answer))
    }
}

impl Caller for ScriptedCaller<'_> {
    fn moment(&self) -> NextMoment {
        match self.steps.get(self.at).and_then(|step| step.then.as_ref()) {
            Some(Doing::Interrupt(moment, _)) => NextMoment::Over(moment.clone()),
            _ => NextMoment::BotDone,
        }
    }

    fn act(&mut self, hearing: &Hearing<'_>) -> Result<Action, Failure> {
        while let Some(step) = self.steps.get(self.at) {
            if let Err(problem) = judge(&step.expect, hearing) {
                if hearing.waits_for_person && !hearing.over {
                    return Ok(Action::Listen(PATIENCE));
                }
                let standing = if hearing.over { None } else { self.standing(hearing.said) };
                return standing.ok_or_else(|| Failure::new(step.line, problem));
            }
            self.at += 1;
            if let Some(doing) = &step.then {
                if hearing.over {
                    return Err(Failure::new(step.line, "the call had ended before the caller could do this"));
                }
                return Ok(self.action(doing));
            }
        }
        // Who has no more to say waits for the person they asked for.
        Ok(if hearing.waits_for_person && !hearing.over { Action::Listen(PATIENCE) } else { Action::HangUp })
    }
}

/// Whether what the bot said is as expected.
fn judge(expect: &Heard, hearing: &Hearing<'_>) -> Result<(), String> {
    let said = || match hearing.said.text() {
        "" => "the bot said nothing".to_owned(),
        text => format!("the bot said {text:?}"),
    };
    let Heard { hear, absent, matches, says_value, within } = expect;
    if let Some(text) = hear.missing(hearing.said).next() {
        return Err(format!("expected to hear {text:?}; {}", said()));
    }
    if let Some(text) = absent.found(hearing.said).next() {
        return Err(format!("expected not to hear {text:?}; {}", said()));
    }
    if let Some(pattern) = matches.as_ref().filter(|pattern| !hearing.said.is_match(pattern)) {
        return Err(format!("expected words that match {:?}; {}", pattern.as_str(), said()));
    }
    if let Some(slot) = says_value {
        let Some(value) = hearing.spoken(slot) else {
            return Err(format!("expected to hear the value of {slot:?}, which has none; {}", said()));
        };
        if Words::new(vec![value.clone()]).missing(hearing.said).next().is_some() {
            return Err(format!("expected to hear the value of {slot:?}, {value:?}; {}", said()));
        }
    }
    match (within, hearing.response) {
        (Some(within), Some(response)) if response > *within => {
            Err(format!("expected an answer within {} ms; it took {} ms", within.as_millis(), response.as_millis()))
        }
        (Some(within), None) => Err(format!("expected an answer within {} ms; there was none", within.as_millis())),
        _ => Ok(()),
    }
}
