//! `rehearse`: runs scenarios with their variations, on all processors, and gathers what came of them.
use crate::call::{self, Setting};
use crate::caller::{Caller, ModelledCaller, ScriptedCaller};
use crate::judge;
use crate::model::Model;
use crate::random::of_run;
use crate::record::{Failure, Record};
use crate::scenario::{Rehearsal, Scenario, Way};
use crate::tools::{ScenarioTools, Tools};
use crate::verdict;
use crate::voice::{self, VoiceCalls, VoiceSetting};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What is to be run.
#[derive(Clone, Copy, Default)]
pub struct Plan<'a> {
    pub seed: u64,
    /// In place of the files' own `runs`.
    pub runs: Option<u32>,
    /// Only this one, from 1.
    pub run: Option<u32>,
    /// Only scenarios whose names hold this.
    pub scenario: Option<&'a str>,
    /// Threads; `None`: as many as there are processors.
    pub threads: Option<usize>,
    /// Takes the part of callers with a goal, and judges.
    pub model: Option<&'a dyn Model>,
    /// Calls are held by voice; `None`: by text.
    pub voice: Option<&'a dyn VoiceCalls>,
}

impl Plan<'_> {
    fn way(&self) -> Way {
        if self.voice.is_some() { Way::Voice } else { Way::Text }
    }

    fn names(&self, scenario: &Scenario) -> bool {
        self.scenario.is_none_or(|part| scenario.name.contains(part))
    }

    fn chooses(&self, scenario: &Scenario) -> bool {
        self.names(scenario) && scenario.only.is_none_or(|only| only == self.way())
    }

    /// The scenarios that are named, and are for the other way alone.
    pub fn left_out<'a>(&self, rehearsals: &'a [Rehearsal]) -> Vec<&'a Scenario> {
        let all = rehearsals.iter().flat_map(|rehearsal| &rehearsal.scenarios);
        all.filter(|scenario| self.names(scenario) && !self.chooses(scenario)).collect()
    }

    /// What of the chosen scenarios cannot be rehearsed in this way, each with its place.
    pub fn unsuited(&self, rehearsals: &[Rehearsal]) -> Vec<String> {
        let Some(calls) = self.voice else { return Vec::new() };
        let of_file = |rehearsal: &Rehearsal| {
            let chosen = rehearsal.scenarios.iter().filter(|scenario| self.chooses(scenario));
            let problem = |scenario: &Scenario| {
                let found = voice::unsuited(scenario).or_else(|| calls.unsuited(&rehearsal.bot, scenario));
                found.map(|(line, why)| format!("{}:{line}: {:?}: {why}", rehearsal.file, scenario.name))
            };
            chosen.filter_map(problem).collect::<Vec<_>>()
        };
        rehearsals.iter().flat_map(of_file).collect()
    }
}

/// Makes the tools of one run, in place of the answers in its file.
pub type MakeTools<'a> = &'a (dyn Fn(&Scenario) -> Box<dyn Tools> + Sync);

/// What came of one scenario.
pub struct Outcome<'a> {
    pub rehearsal: &'a Rehearsal,
    pub scenario: &'a Scenario,
    pub runs: Vec<Run>,
}

pub struct Run {
    /// From 1.
    pub number: u32,
    pub record: Record,
    pub failures: Vec<Failure>,
}

impl Outcome<'_> {
    pub fn failed(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| !run.failures.is_empty())
    }

    pub fn has_passed(&self) -> bool {
        self.failed().next().is_none()
    }

    /// From the caller's last word to the bot's first sound, of all runs, the fastest first.
    pub fn responses(&self) -> Vec<Duration> {
        let mut all: Vec<Duration> = self.runs.iter().flat_map(|run| run.record.responses.iter().copied()).collect();
        all.sort_unstable();
        all
    }
}

/// The value below which this share of sorted values lies; `None`: there are none.
pub fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1).min(last)).copied()
}

/// Runs everything that the plan chooses; `start` is the moment at which each call's time begins. The outcomes stand in the order of the
/// files and their scenarios, whatever was done first.
pub fn rehearse<'a>(
    rehearsals: &'a [Rehearsal],
    plan: &Plan<'_>,
    make_tools: Option<MakeTools<'_>>,
    start: Instant,
) -> Vec<Outcome<'a>> {
    let all: Vec<(&Rehearsal, &Scenario)> = rehearsals
        .iter()
        .flat_map(|rehearsal| rehearsal.scenarios.iter().map(move |scenario| (rehearsal, scenario)))
        .filter(|(_, scenario)| plan.chooses(scenario))
        .collect();
    let threads = plan.threads.or_else(|| thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(all.len())));
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, all.len().max(1)) {
            scope.spawn(|| {
                while let Some((place, (rehearsal, scenario))) = take(&next, &all) {
                    let outcome = run_scenario(rehearsal, scenario, plan, make_tools, start);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((place, outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

/// The next piece of work, with its place.
fn take<T: Copy>(next: &AtomicUsize, all: &[T]) -> Option<(usize, T)> {
    let place = next.fetch_add(1, Ordering::Relaxed);
    all.get(place).map(|work| (place, *work))
}

fn run_scenario<'a>(
    rehearsal: &'a Rehearsal,
    scenario: &'a Scenario,
    plan: &Plan<'_>,
    make_tools: Option<MakeTools<'_>>,
    start: Instant,
) -> Outcome<'a> {
    let reprompts = call::reprompts(&rehearsal.bot);
    let runs = plan.runs.unwrap_or(rehearsal.runs);
    let numbers = match plan.run {
        Some(one) => one..=one,
        None => 1..=runs,
    };
    let run = |number: u32| {
        let random = of_run(plan.seed, &scenario.name, number);
        let mut tools: Box<dyn Tools> = match make_tools {
            Some(make) => make(scenario),
            None => Box::new(ScenarioTools::new(&scenario.tools)),
        };
        let person = scenario.person.as_ref();
        let setting = Setting {
            bot: &rehearsal.bot,
            others: &rehearsal.others,
            now: rehearsal.now,
            tools: tools.as_mut(),
            person,
            reprompts: &reprompts,
        };
        let mut caller: Box<dyn Caller> = match (&scenario.goal, plan.model) {
            (Some(goal), Some(model)) => {
                Box::new(ModelledCaller::new(scenario, goal, rehearsal.bot.language, model, random))
            }
            _ => Box::new(ScriptedCaller::new(scenario, random)),
        };
        let record = match plan.voice {
            None => call::hold(setting, caller.as_mut(), start),
            Some(calls) => {
                let setting = VoiceSetting { rehearsal, scenario, run: number, seed: plan.seed, reprompts: &reprompts };
                calls.hold(setting, caller.as_mut())
            }
        };
        let mut failures = verdict::failures(&record, &scenario.expect);
        match plan.model {
            Some(model) => {
                failures.extend(judge::failures(&record, &scenario.expect.judge, scenario.expect.line, model));
            }
            None if scenario.needs_model() => failures.push(Failure::new(scenario.line, NO_MODEL)),
            None => {}
        }
        Run { number, record, failures }
    };
    Outcome { rehearsal, scenario, runs: numbers.map(run).collect() }
}

/// A rehearsal never passes by what it left out.
const NO_MODEL: &str = "a language model has to take the caller's part, or to judge: name a configured one by --model";
