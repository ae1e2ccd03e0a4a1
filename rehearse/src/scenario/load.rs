//! From a file to a `Rehearsal`: what could not be meant is refused here, with its line and the remedy.
pub use super::check::Fault;
use super::check::Source;
use super::file::{
    AnswerFile, ExpectFile, File, OneOrMany, PersonFile, ScenarioFile, StepFile, ToolFile, VariationFile, VoiceFile,
};
use super::sound;
use super::{
    CallerVoice, Doing, End, Expectations, ExpectedTool, Heard, Moment, PersonOutcome, Rehearsal, Scenario, Spoken,
    StandingAnswer, Step, ToolAnswer, ToolName, ToolPattern, Variation, Way,
};
use crate::pattern::{JsonPattern, RequestPattern, Words};
use dialog::bot::Bot;
use dialog::conversation::PersonFault;
use dialog::tool::{HttpRequest, ToolFault};
use dialog::value::kind::Kind;
use regex_lite::Regex;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use toml::Spanned;

/// The moment every call begins, where the file names none: a Wednesday morning.
const NOW: jiff::civil::DateTime = jiff::civil::date(2026, 11, 25).at(9, 0, 0, 0);

/// One run proves nothing of the others.
const RUNS: u32 = 3;

/// The longest that a step may wait.
const LONGEST: u64 = 600_000;

impl Rehearsal {
    /// Reads a file, and the bot that it names relative to itself.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn read(file: &str) -> Result<Self, Fault> {
        let unreadable = |why| Fault::Unreadable { file: file.to_owned(), why };
        let text = std::fs::read_to_string(file).map_err(unreadable)?;
        Self::parse(&text, file, |path| std::fs::read_to_string(path))
    }

    /// Reads a file's text; `file` names it, and `read_bot` gives the text of the bot at a path.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn parse(text: &str, file: &str, read_bot: impl Fn(&Path) -> std::io::Result<String>) -> Result<Self, Fault> {
        let source = Source { file, text };
        let read: File = toml::from_str(text).map_err(|why| source.syntax(&why))?;
        let line = source.line_of(&read.bot);
        let bot_fault = |why: String| Fault::Bot { file: file.to_owned(), line, why };
        let bot_file = Path::new(file).parent().unwrap_or(Path::new("")).join(read.bot.get_ref());
        let bot_name = bot_file.display().to_string();
        let bot_text = read_bot(&bot_file).map_err(|why| bot_fault(format!("{bot_name}: {why}")))?;
        let mut bot = Bot::parse(&bot_text, &bot_name).map_err(|why| bot_fault(why.to_string()))?;
        let beside = bot_file.parent().unwrap_or(Path::new("."));
        knowledge::load(&mut bot, beside).map_err(|why| bot_fault(format!("{bot_name}: {why}")))?;
        let others = others(&bot, &bot_file, &read_bot).map_err(bot_fault)?;
        if let Some(language) = &read.language
            && *language.get_ref() != bot.language
        {
            let said = bot.language.code();
            return Err(
                source.fault(source.line_of(language), format!("the bot speaks {said:?}: write that, or nothing"))
            );
        }
        let runs = read.runs.as_ref().map_or(RUNS, |runs| *runs.get_ref());
        if let Some(wrong) = read.runs.as_ref().filter(|runs| !(1..=10_000).contains(runs.get_ref())) {
            return Err(source.fault(source.line_of(wrong), "`runs` is 1 to 10000"));
        }
        if read.scenario.is_empty() {
            return Err(source.fault(1, "no scenario: add a [[scenario]] with `name` and `steps`"));
        }
        let now = read.now.as_ref().map_or(NOW, |now| *now.get_ref());
        let loading = Loading { source, bot: &bot };
        let scenarios = loading.scenarios(&read)?;
        Ok(Self { file: file.to_owned(), bot_file, bot: Arc::new(bot), others, now, runs, scenarios })
    }
}

/// The bots that a call may be handed on to, from one to the next: files beside that of the first.
fn others(
    bot: &Bot,
    bot_file: &Path,
    read_bot: &impl Fn(&Path) -> std::io::Result<String>,
) -> Result<BTreeMap<String, Arc<Bot>>, String> {
    let mut others = BTreeMap::new();
    let mut open: Vec<String> = bot.others().map(str::to_owned).collect();
    while let Some(name) = open.pop() {
        if others.contains_key(&name) {
            continue;
        }
        let file = bot_file.with_file_name(format!("{name}.toml"));
        let shown = file.display().to_string();
        let text = read_bot(&file).map_err(|why| format!("{shown}, which the bot hands calls on to: {why}"))?;
        let other = Bot::parse(&text, &shown).map_err(|why| why.to_string())?;
        open.extend(other.others().map(str::to_owned));
        others.insert(name, Arc::new(other));
    }
    Ok(others)
}

/// What the checks need to know.
struct Loading<'a> {
    source: Source<'a>,
    bot: &'a Bot,
}

impl Loading<'_> {
    fn scenarios(&self, file: &File) -> Result<Vec<Scenario>, Fault> {
        let mut all: Vec<Scenario> = Vec::with_capacity(file.scenario.len());
        for read in &file.scenario {
            let scenario = self.scenario(file, read)?;
            if all.iter().any(|other| other.name == scenario.name) {
                let problem = format!("there is a scenario {:?} already: give each a name of its own", scenario.name);
                return Err(self.source.fault(scenario.line, problem));
            }
            all.push(scenario);
        }
        Ok(all)
    }

    fn scenario(&self, file: &File, read: &Spanned<ScenarioFile>) -> Result<Scenario, Fault> {
        let line = self.source.line_of(read);
        let own = read.get_ref().clone();
        if own.name.trim().is_empty() {
            return Err(self.source.fault(line, "`name` is empty: say what the caller does"));
        }
        match &own.goal {
            None if own.steps.is_empty() => {
                return Err(self.source.fault(line, "no `steps`: add what the caller hears and says, or a `goal`"));
            }
            Some(_) if !own.steps.is_empty() || !own.answer.is_empty() => {
                return Err(self.source.fault(line, "a caller has either a `goal`, or `steps` and answers"));
            }
            Some(goal) if goal.trim().is_empty() => {
                return Err(self.source.fault(line, "`goal` is empty: say what the caller wants, and what they know"));
            }
            _ => {}
        }
        let persona = file.persona.iter().chain(&own.persona);
        let persona: BTreeMap<String, Vec<String>> =
            persona.map(|(name, texts)| (name.clone(), texts.clone().all())).collect();
        if let Some((name, _)) = persona.iter().find(|(_, texts)| texts.iter().any(|text| text.trim().is_empty())) {
            return Err(self.source.fault(line, format!("the persona's {name:?} is empty: fill it in")));
        }
        let variation = own.variation.as_ref().unwrap_or(&file.variation);
        let variation = self.variation(variation)?;
        let only = own.only.as_ref().map(|only| self.way(only)).transpose()?;
        let voice = own.voice.as_ref().or(file.voice.as_ref()).map(|voice| self.voice(voice)).transpose()?;
        let voice = voice.unwrap_or_default();
        let answers = own.answer.iter().chain(&file.answer);
        let answers = answers.map(|answer| self.answer(answer, &persona)).collect::<Result<_, _>>()?;
        let tools = own.tool.iter().chain(&file.tool).map(|tool| self.tool(tool)).collect::<Result<_, _>>()?;
        let person = own.person.as_ref().or(file.person.as_ref()).map(|person| self.person(person)).transpose()?;
        let steps: Vec<Step> = own.steps.iter().map(|step| self.step(step, &persona)).collect::<Result<_, _>>()?;
        self.interruptions(&steps)?;
        let goal = own.goal.map(|goal| self.texts(line, "goal", OneOrMany::One(goal), &persona)).transpose()?;
        let goal = goal.and_then(|goal| goal.into_iter().next());
        let expect = self.expectations(own.expect, line)?;
        Ok(Scenario {
            name: own.name,
            line,
            persona,
            variation,
            only,
            voice,
            answers,
            tools,
            person,
            steps,
            goal,
            expect,
        })
    }

    fn way(&self, only: &Spanned<String>) -> Result<Way, Fault> {
        match only.get_ref().as_str() {
            "text" => Ok(Way::Text),
            "voice" => Ok(Way::Voice),
            _ => Err(self.source.fault(self.source.line_of(only), "`only` is \"text\" or \"voice\"")),
        }
    }

    fn voice(&self, read: &Spanned<VoiceFile>) -> Result<CallerVoice, Fault> {
        let line = self.source.line_of(read);
        let VoiceFile { speaker, noise } = read.get_ref().clone();
        let noise = noise.map(|noise| sound::noise(&self.source, line, noise)).transpose()?;
        Ok(CallerVoice { speaker, noise })
    }

    /// A caller who has heard the bot out has nothing to interrupt.
    fn interruptions(&self, steps: &[Step]) -> Result<(), Fault> {
        let wrong = steps.windows(2).find_map(|pair| match pair {
            [Step { then: None, .. }, Step { then: Some(Doing::Interrupt(..)), line, .. }] => Some(*line),
            _ => None,
        });
        match wrong {
            None => Ok(()),
            Some(line) => {
                let problem =
                    "the step before hears the bot out, so there is nothing to interrupt: put its `hear` here";
                Err(self.source.fault(line, problem))
            }
        }
    }

    fn variation(&self, read: &VariationFile) -> Result<Variation, Fault> {
        let usual = Variation::default();
        let ms = |bounds: [u64; 2]| bounds.map(Duration::from_millis);
        Ok(Variation {
            pace: self.bounds("pace", &read.pace, 0.25, 4.0)?.unwrap_or(usual.pace),
            pause: self.bounds("pause_ms", &read.pause_ms, 0, LONGEST)?.map_or(usual.pause, ms),
            confidence: self.bounds("confidence", &read.confidence, 0.0, 1.0)?.unwrap_or(usual.confidence),
            recognise: self.bounds("recognise_ms", &read.recognise_ms, 0, 20_000)?.map_or(usual.recognise, ms),
            misheard: match &read.misheard {
                Some(share) if !(0.0..=1.0).contains(share.get_ref()) => {
                    return Err(self.source.fault(self.source.line_of(share), "`misheard` is a share: 0 to 1"));
                }
                share => share.as_ref().map_or(usual.misheard, |share| *share.get_ref()),
            },
        })
    }

    /// A low and a high bound, in their order and within limits.
    fn bounds<T: PartialOrd + Copy + std::fmt::Display>(
        &self,
        key: &str,
        read: &Option<Spanned<[T; 2]>>,
        least: T,
        most: T,
    ) -> Result<Option<[T; 2]>, Fault> {
        let Some(read) = read else { return Ok(None) };
        let [low, high] = *read.get_ref();
        if low <= high && least <= low && high <= most {
            return Ok(Some([low, high]));
        }
        let problem = format!("`{key}` is the lowest and the highest, from {least} to {most}");
        Err(self.source.fault(self.source.line_of(read), problem))
    }

    fn answer(
        &self,
        read: &Spanned<AnswerFile>,
        persona: &BTreeMap<String, Vec<String>>,
    ) -> Result<StandingAnswer, Fault> {
        let line = self.source.line_of(read);
        let AnswerFile { hear, say, keys, times } = read.get_ref().clone();
        let answer = match (say, keys) {
            (Some(say), None) => Doing::Say(Spoken {
                texts: self.texts(line, "say", say, persona)?,
                confidence: None,
                misheard: Vec::new(),
                pace: None,
                noise: None,
            }),
            (None, Some(keys)) => Doing::Keys(self.keys(line, keys)?),
            _ => return Err(self.source.fault(line, "an answer has either `say` or `keys`")),
        };
        let hear = self.words(line, "hear", Some(hear))?;
        Ok(StandingAnswer { hear, answer, times: times.unwrap_or(2) })
    }

    fn step(&self, read: &Spanned<StepFile>, persona: &BTreeMap<String, Vec<String>>) -> Result<Step, Fault> {
        let line = self.source.line_of(read);
        let step = read.get_ref().clone();
        let matches = step.matches.as_ref().map(|pattern| Regex::new(pattern));
        let matches = matches.transpose().map_err(|why| self.source.fault(line, format!("`matches`: {why}")))?;
        if let Some(slot) = &step.says_value {
            self.value_slot(line, slot)?;
        }
        let expect = Heard {
            hear: self.words(line, "hear", step.hear.clone())?,
            absent: self.words(line, "absent", step.absent.clone())?,
            matches,
            says_value: step.says_value.clone(),
            within: step.within_ms.map(Duration::from_millis),
        };
        let then = self.doing(line, step, persona)?;
        if expect.is_empty() && then.is_none() {
            return Err(self.source.fault(line, "a step without anything: add `hear`, `say` or another of them"));
        }
        Ok(Step { line, expect, then })
    }

    /// What the caller does in a step: one thing, or nothing.
    fn doing(
        &self,
        line: usize,
        step: StepFile,
        persona: &BTreeMap<String, Vec<String>>,
    ) -> Result<Option<Doing>, Fault> {
        let is_spoken = step.say.is_some() || step.interrupt.is_some();
        if !is_spoken && (step.confidence.is_some() || step.misheard.is_some()) {
            return Err(self.source.fault(line, "`confidence` and `misheard` belong to `say` or `interrupt`"));
        }
        if !is_spoken && (step.pace.is_some() || step.noise.is_some()) {
            return Err(self.source.fault(line, "`pace` and `noise` belong to `say` or `interrupt`"));
        }
        if step.pace.is_some_and(|pace| !(0.5..=2.0).contains(&pace)) {
            return Err(self.source.fault(line, "`pace` of a step is 0.5 to 2"));
        }
        let noise = step.noise.map(|noise| sound::noise(&self.source, line, noise)).transpose()?;
        if step.interrupt.is_none() && (step.after_ms.is_some() || step.after.is_some()) {
            return Err(self.source.fault(line, "`after` and `after_ms` belong to `interrupt`"));
        }
        if step.confidence.is_some_and(|confidence| !(0.0..=1.0).contains(&confidence)) {
            return Err(self.source.fault(line, "`confidence` is 0 to 1"));
        }
        let misheard = step.misheard.map(|texts| self.texts(line, "misheard", texts, persona)).transpose()?;
        let misheard = misheard.unwrap_or_default();
        let (confidence, pace) = (step.confidence, step.pace);
        let spoken = |key, texts| {
            let texts = self.texts(line, key, texts, persona)?;
            Ok::<_, Fault>(Spoken { texts, confidence, misheard: misheard.clone(), pace, noise: noise.clone() })
        };
        let mut all = Vec::new();
        if let Some(texts) = step.say {
            all.push(Doing::Say(spoken("say", texts)?));
        }
        if let Some(texts) = step.interrupt {
            let moment = match (step.after, step.after_ms) {
                (Some(_), Some(_)) => return Err(self.source.fault(line, "either `after` or `after_ms`")),
                (Some(words), None) => Moment::Said(self.words(line, "after", Some(OneOrMany::One(words)))?),
                (None, ms) => Moment::After(self.span(line, "after_ms", ms.unwrap_or(800))?),
            };
            all.push(Doing::Interrupt(moment, spoken("interrupt", texts)?));
        }
        if let Some(texts) = step.r#type {
            all.push(Doing::Type(self.texts(line, "type", texts, persona)?));
        }
        if let Some(keys) = step.keys {
            all.push(Doing::Keys(self.keys(line, keys)?));
        }
        if let Some(ms) = step.silence_ms {
            all.push(Doing::Silence(self.span(line, "silence_ms", ms)?));
        }
        if let Some(ms) = step.mumble_ms {
            all.push(Doing::Mumble(self.span(line, "mumble_ms", ms)?));
        }
        if step.hang_up {
            all.push(Doing::HangUp);
        }
        if all.len() > 1 {
            return Err(self
                .source
                .fault(line, "a caller does one thing at a time: put the others into steps of their own"));
        }
        Ok(all.pop())
    }

    fn span(&self, line: usize, key: &str, ms: u64) -> Result<Duration, Fault> {
        if ms > LONGEST {
            return Err(self.source.fault(line, format!("`{key}` is at most {LONGEST}")));
        }
        Ok(Duration::from_millis(ms))
    }

    fn keys(&self, line: usize, keys: String) -> Result<String, Fault> {
        if keys.is_empty() || !keys.chars().all(|key| key.is_ascii_digit() || key == '*' || key == '#') {
            return Err(self.source.fault(line, "`keys` is made of 0 to 9, * and #"));
        }
        Ok(keys)
    }

    fn words(&self, line: usize, key: &str, texts: Option<OneOrMany>) -> Result<Words, Fault> {
        let texts = texts.map(OneOrMany::all).unwrap_or_default();
        if texts.iter().any(|text| !text.chars().any(char::is_alphanumeric)) {
            return Err(self.source.fault(line, format!("`{key}` holds no words")));
        }
        Ok(Words::new(texts))
    }

    /// What a caller may say: each `{name}` is one of the persona.
    fn texts(
        &self,
        line: usize,
        key: &str,
        texts: OneOrMany,
        persona: &BTreeMap<String, Vec<String>>,
    ) -> Result<Vec<String>, Fault> {
        let texts = texts.all();
        if texts.is_empty() || texts.iter().any(|text| text.trim().is_empty()) {
            return Err(self.source.fault(line, format!("`{key}` is empty")));
        }
        for text in &texts {
            for part in text.split('{').skip(1) {
                let name = part.split_once('}').map(|(name, _)| name);
                if !name.is_some_and(|name| persona.contains_key(name)) {
                    let name = name.unwrap_or(part);
                    return Err(self
                        .source
                        .fault(line, format!("`{key}`: the persona has no {name:?}; add it to [persona]")));
                }
            }
        }
        Ok(texts)
    }

    /// A slot whose value can be compared with what the bot says.
    fn value_slot(&self, line: usize, name: &str) -> Result<(), Fault> {
        self.slot(line, name)?;
        let slot = self.bot.slot(name).map(|slot| &self.bot.slots[slot]);
        if slot.is_some_and(|slot| slot.secret || matches!(slot.kind, Kind::Items(_))) {
            let problem = format!("`says_value`: the value of {name:?} is a list or is not said; use `hear`");
            return Err(self.source.fault(line, problem));
        }
        Ok(())
    }

    fn slot(&self, line: usize, name: &str) -> Result<(), Fault> {
        if self.bot.slot(name).is_some() {
            return Ok(());
        }
        let known: Vec<&str> = self.bot.slots.iter().map(|slot| slot.name.as_str()).collect();
        Err(self.source.fault(line, format!("the bot has no slot {name:?}; it has {}", known.join(", "))))
    }

    fn tool_pattern(&self, line: usize, read: ToolFile) -> Result<ToolPattern, Fault> {
        let ToolFile { request, name, arguments, body, .. } = read;
        let object = |all: BTreeMap<String, Json>| JsonPattern(Json::Object(all.into_iter().collect()));
        match (request, name) {
            (Some(request), None) => {
                if !arguments.is_empty() {
                    return Err(self.source.fault(line, "a request has a `body`, not `arguments`"));
                }
                let Some(pattern) = RequestPattern::parse(&request) else {
                    let problem = format!(
                        "{request:?} is no request: write \"GET /path\" or \"POST http://host/path\"; * stands for anything"
                    );
                    return Err(self.source.fault(line, problem));
                };
                Ok(ToolPattern { of: ToolName::Request(pattern), holds: object(body) })
            }
            (None, Some(name)) if name == HttpRequest::TOOL => {
                Err(self.source.fault(line, "name an HTTP request by `request`, for example \"GET /orders/*\""))
            }
            (None, Some(name)) => {
                if !body.is_empty() {
                    return Err(self.source.fault(line, "a tool has `arguments`, not a `body`"));
                }
                Ok(ToolPattern { of: ToolName::Named(name), holds: object(arguments) })
            }
            _ => Err(self.source.fault(line, "a tool has either `request` or `name`")),
        }
    }

    fn tool(&self, read: &Spanned<ToolFile>) -> Result<ToolAnswer, Fault> {
        let line = self.source.line_of(read);
        let ToolFile { answer, status, fault, delay_ms, times, .. } = read.get_ref().clone();
        let calls = self.tool_pattern(line, read.get_ref().clone())?;
        let result = match (answer, status, fault) {
            (Some(answer), None, None) => Ok(answer),
            (None, Some(status), None) if (200..300).contains(&status) => Ok(Json::Null),
            (None, Some(status), None) => Err(ToolFault::Status(status)),
            (None, None, Some(fault)) => Err(self.tool_fault(line, &fault)?),
            _ => return Err(self.source.fault(line, "a tool has one of `answer`, `status` and `fault`")),
        };
        Ok(ToolAnswer { calls, result, delay: self.span(line, "delay_ms", delay_ms)?, times, line })
    }

    fn tool_fault(&self, line: usize, name: &str) -> Result<ToolFault, Fault> {
        match name {
            "late" => Ok(ToolFault::Late),
            "unreachable" => Ok(ToolFault::Unreachable),
            "not json" => Ok(ToolFault::NotJson),
            _ => Err(self
                .source
                .fault(line, format!("there is no fault {name:?}: use late, unreachable, not json, or `status`"))),
        }
    }

    fn person(&self, read: &Spanned<PersonFile>) -> Result<PersonOutcome, Fault> {
        let line = self.source.line_of(read);
        let PersonFile { outcome, after_ms, place, wait_ms } = read.get_ref().clone();
        let known = PersonFault::ALL.into_iter().find(|fault| fault.to_string() == outcome);
        let fault = match (outcome.as_str(), known) {
            ("put through", _) => None,
            (_, Some(fault)) => Some(fault),
            _ => {
                let names = PersonFault::ALL.map(|fault| fault.to_string()).join(", ");
                let problem = format!("there is no outcome {outcome:?}: use put through, {names}");
                return Err(self.source.fault(line, problem));
            }
        };
        if place == Some(0) || (place.is_none() && wait_ms.is_some()) {
            return Err(self.source.fault(line, "`place` in the queue counts from 1, and `wait_ms` needs it"));
        }
        let waiting = place.map(|place| (place, wait_ms.map(Duration::from_millis)));
        Ok(PersonOutcome { after: self.span(line, "after_ms", after_ms)?, waiting, fault })
    }

    fn expectations(&self, read: ExpectFile, line: usize) -> Result<Expectations, Fault> {
        for name in read.slot.keys() {
            self.slot(line, name)?;
        }
        if let Some(task) = read.task.as_ref().filter(|task| self.bot.tasks.iter().all(|known| known.name != **task)) {
            return Err(self.source.fault(line, format!("`task`: the bot has no task {task:?}")));
        }
        let ends = match &read.ends {
            None => None,
            Some(name) => {
                let Some(end) = End::all().find(|end| end.text() == name.get_ref()) else {
                    let names: Vec<&str> = End::all().map(End::text).collect();
                    let problem = format!("no call ends with {:?}: use {}", name.get_ref(), names.join(", "));
                    return Err(self.source.fault(self.source.line_of(name), problem));
                };
                Some(end)
            }
        };
        let tool = |read: &Spanned<ToolFile>| {
            let (line, of) = (self.source.line_of(read), read.get_ref());
            if of.answer.is_some() || of.status.is_some() || of.fault.is_some() || of.delay_ms > 0 {
                return Err(self
                    .source
                    .fault(line, "what a tool answers stands under [[tool]], not where it is expected"));
            }
            let times = of.times;
            let calls = self.tool_pattern(line, of.clone())?;
            Ok::<_, Fault>(ExpectedTool { calls, times, line })
        };
        let judge = read.judge.map(OneOrMany::all).unwrap_or_default();
        if judge.iter().any(|statement| statement.trim().is_empty()) {
            return Err(self.source.fault(line, "`judge` holds an empty statement: say what is true of a good call"));
        }
        Ok(Expectations {
            line,
            judge,
            says: self.words(line, "says", read.says)?,
            absent: self.words(line, "absent", read.absent)?,
            slots: read.slot,
            tools: read.tool.iter().map(tool).collect::<Result<_, _>>()?,
            task: read.task,
            ends,
            person: read.person,
            within: read.within_ms.map(Duration::from_millis),
            max_turns: read.max_turns,
            max_reprompts: read.max_reprompts,
        })
    }
}
