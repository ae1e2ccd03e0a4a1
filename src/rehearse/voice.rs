//! Calls by voice over SIP: who opens the sockets of a rehearsal, and brings what sounds and what the server's own record tells to its core.
use super::speaker::CallerSound;
use super::stage::{AskedTool, Stage};
use crate::config::Config;
use crate::engines::Engines;
use crate::store::{AnswerMethod, CallEvent, Floor, LiveChange, LiveEvent, TASK, TimelineEvent};
use crate::tools::ToolAnswer;
use ::rehearse::caller::Caller;
use ::rehearse::record::{By, Failure, Record};
use ::rehearse::scenario::{End, Rehearsal, Scenario};
use ::rehearse::tools::{ScenarioTools, Tools, shown};
use ::rehearse::voice::{VoiceCall, VoiceCalls, VoiceInput, VoiceOrder, VoiceSetting};
use anyhow::{Context, bail};
use dialog::bot::Bot;
use dialog::tool::{ToolFault, ToolId};
use softphone::driver::PhoneEvent;
use softphone::phone::{Act, Background};
use softphone::place::Placed;
use softphone::report::Observation;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use telephony::Change;
use tokio::runtime::Handle;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::mpsc;
use tokio::time::{sleep_until, timeout};

/// How long a call may ring.
const RINGS: Duration = Duration::from_secs(20);

/// From the answer to the first event of the call's record.
const RECORD: Duration = Duration::from_secs(5);

/// What the record still tells once the line has ended.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// A server in this process for each rehearsal, and a softphone for each call.
pub(super) struct LocalCalls {
    config: Config,
    engines: Arc<Engines>,
    live: bool,
    handle: Handle,
    /// By the rehearsal's file; started when its first call is held.
    stages: Mutex<HashMap<String, Arc<Stage>>>,
}

impl LocalCalls {
    /// Loads the engines, which takes a moment.
    pub fn new(config: Config, live: bool, handle: Handle) -> Self {
        let engines = Arc::new(Engines::load(&config.speech));
        Self { config, engines, live, handle, stages: Mutex::default() }
    }

    /// Stops the servers.
    pub fn stop(self) {
        let stages = self.stages.into_inner().unwrap_or_else(PoisonError::into_inner);
        for stage in stages.into_values().filter_map(Arc::into_inner) {
            self.handle.block_on(stage.stop());
        }
    }

    fn stage(&self, rehearsal: &Rehearsal) -> anyhow::Result<Arc<Stage>> {
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stage) = stages.get(&rehearsal.file) {
            return Ok(stage.clone());
        }
        let stage = Stage::start(&self.config, self.engines.clone(), rehearsal, self.live);
        let stage = Arc::new(self.handle.block_on(stage)?);
        stages.insert(rehearsal.file.clone(), stage.clone());
        Ok(stage)
    }

    fn held(&self, setting: VoiceSetting<'_>, caller: &mut dyn Caller) -> anyhow::Result<Record> {
        let VoiceSetting { rehearsal, scenario, .. } = setting;
        let stage = self.stage(rehearsal)?;
        let mut sound = CallerSound::new(&rehearsal.bot, &scenario.voice, setting.seed ^ u64::from(setting.run))?;
        let usual = scenario.voice.noise.as_ref().map(|noise| sound.noise(noise)).transpose()?.unwrap_or_default();
        let mut tools = ScenarioTools::new(&scenario.tools);
        let mut call = self.handle.block_on(RunningCall::place(&stage, &rehearsal.bot))?;
        let mut sounding = SoundingCaller { sound: &mut sound, background: usual.clone(), usual };
        if !sounding.usual.is_empty() {
            call.placed.driver.background(sounding.usual.clone());
        }
        let mut core = VoiceCall::new(setting, caller, call.placed.answered);
        while !core.is_over() {
            match self.handle.block_on(call.next(core.deadline())) {
                News::Input(input) => core.handle(Instant::now(), input),
                News::Tool(asked) => {
                    let problem = call.answer_tool(asked, &mut tools, self.live, &mut core);
                    problem.into_iter().for_each(|problem| core.handle(Instant::now(), VoiceInput::Fault(problem)));
                }
                News::Nothing => {}
                News::Over => break,
            }
            while let Some(order) = core.poll() {
                sounding.perform(order, &call.placed)?;
            }
        }
        let record = core.finish(Instant::now());
        stage.answers.forget(&call.id);
        self.handle.block_on(call.placed.leave());
        Ok(record)
    }
}

impl VoiceCalls for LocalCalls {
    fn unsuited(&self, bot: &Bot, scenario: &Scenario) -> Option<(usize, String)> {
        let sound = CallerSound::new(bot, &scenario.voice, 0);
        let mut sound = match sound {
            Ok(sound) => sound,
            Err(why) => return Some((scenario.line, format!("the caller has no voice: {why:#}"))),
        };
        let of_steps = scenario.steps.iter().filter_map(|step| Some((step.line, step.noise()?)));
        let of_call = scenario.voice.noise.iter().map(|noise| (scenario.line, noise));
        of_call.chain(of_steps).find_map(|(line, noise)| {
            let why = sound.noise(noise).err()?;
            Some((line, format!("the noise behind the caller: {why:#}")))
        })
    }

    fn hold(&self, setting: VoiceSetting<'_>, caller: &mut dyn Caller) -> Record {
        self.held(setting, caller).unwrap_or_else(|why| Record {
            faults: vec![Failure::new(0, format!("the call could not be held: {why:#}"))],
            by_voice: true,
            ..Record::default()
        })
    }
}

/// What the caller's orders come to as sound.
struct SoundingCaller<'a> {
    sound: &'a mut CallerSound,
    /// What sounds behind them now, and where a step has no noise of its own.
    background: Background,
    usual: Background,
}

impl SoundingCaller<'_> {
    fn perform(&mut self, order: VoiceOrder, placed: &Placed) -> anyhow::Result<()> {
        let act = match order {
            VoiceOrder::Say { words, pace, noise } => {
                let wanted = match &noise {
                    Some(noise) => self.sound.noise(noise)?,
                    None => self.usual.clone(),
                };
                if !Arc::ptr_eq(&wanted, &self.background) {
                    self.background = wanted.clone();
                    placed.driver.background(wanted);
                }
                Act::Say(self.sound.words(&words, pace)?)
            }
            VoiceOrder::Mumble { length } => Act::Say(self.sound.mumble(length)?),
            VoiceOrder::Keys(keys) => Act::Keys(keys),
            // The line is closed behind the call.
            VoiceOrder::HangUp => return Ok(()),
        };
        if !placed.driver.act(act) {
            bail!("the softphone's thread broke");
        }
        Ok(())
    }
}

/// What happened next in a call.
enum News {
    Input(VoiceInput),
    Tool(AskedTool),
    Nothing,
    /// Nothing more will be told.
    Over,
}

/// A call that was answered, and all that tells of it.
struct RunningCall<'a> {
    placed: Placed,
    id: String,
    bot: &'a Bot,
    events: Receiver<Arc<TimelineEvent>>,
    live: Receiver<Arc<LiveEvent>>,
    tools: mpsc::Receiver<AskedTool>,
    /// What tools that run will have come to.
    outcomes: HashMap<ToolId, String>,
    /// When the record has nothing more to tell.
    last: Option<Instant>,
}

impl<'a> RunningCall<'a> {
    async fn place(stage: &Stage, bot: &'a Bot) -> anyhow::Result<Self> {
        let store = &stage.server.store;
        // Before the call, so that nothing of it is missed.
        let (mut events, live) = (store.watch(), store.watch_live());
        let caller = format!("rehearsal-{}", uuid::Uuid::now_v7().simple());
        let target = stage.target()?;
        let placing = Placed::call(&target, &caller, RINGS);
        let registering = async {
            let id = started(&mut events, &caller).await?;
            Ok::<_, anyhow::Error>((stage.answers.of_call(&id), id))
        };
        let (placed, registered) = tokio::join!(placing, timeout(RINGS + RECORD, registering));
        let placed = placed?;
        let (tools, id) = registered.context("the server has no record of the call")??;
        Ok(Self { placed, id, bot, events, live, tools, outcomes: HashMap::new(), last: None })
    }

    async fn next(&mut self, deadline: Option<Instant>) -> News {
        let last = self.last;
        let due = [deadline, last].into_iter().flatten().min();
        let due = due.unwrap_or_else(|| Instant::now() + Duration::from_secs(3_600));
        tokio::select! {
            event = self.placed.events.recv() => match event {
                Some(PhoneEvent::Observed(observation)) => observed(observation),
                Some(PhoneEvent::HangUp) => News::Nothing,
                None => News::Over,
            },
            Some(asked) = self.tools.recv() => News::Tool(asked),
            event = self.events.recv() => match event {
                Ok(event) if event.call == self.id => self.event(&event.event),
                other => told(other.err()),
            },
            event = self.live.recv() => match event {
                Ok(event) if event.call == self.id => self.change(&event.change),
                other => told(other.err()),
            },
            change = self.placed.line.next(), if last.is_none() => match change {
                Change::Plan(plan) => {
                    self.placed.driver.configure(plan);
                    News::Nothing
                }
                Change::Ended(_) => {
                    self.last = Some(Instant::now() + LAST_WORDS);
                    News::Nothing
                }
                _ => News::Nothing,
            },
            () = sleep_until(due.into()) => match last {
                Some(last) if Instant::now() >= last => {
                    self.last = Some(Instant::now() + LAST_WORDS);
                    News::Input(VoiceInput::Fault("the line ended, and the server's record does not say why".into()))
                }
                _ => News::Input(VoiceInput::Tick),
            },
        }
    }

    fn event(&mut self, event: &CallEvent) -> News {
        News::Input(match event {
            CallEvent::Slot(slot) => VoiceInput::Slot {
                name: slot.name.clone(),
                value: slot.value.as_ref().map(|value| value.0.clone()),
                confirmed: slot.confirmed,
            },
            CallEvent::Ended(end) => {
                let text = end.reason.text();
                match End::all().find(|end| end.text() == text) {
                    Some(end) => VoiceInput::Ended(end),
                    None => VoiceInput::Fault(format!("the server ended the call: {text}")),
                }
            }
            CallEvent::Mark(mark) if mark.name == TASK => match mark.data.0["task"].as_str() {
                Some(task) => VoiceInput::Task(task.to_owned()),
                None => return News::Nothing,
            },
            CallEvent::Mark(mark) => {
                let Some(id) = mark.data.0["id"].as_u64().map(ToolId) else { return News::Nothing };
                let outcome = match mark.name.as_str() {
                    "tool_answered" => self.outcomes.remove(&id).unwrap_or_else(|| "answered".into()),
                    "tool_failed" => mark.data.0["why"].as_str().unwrap_or("failed").to_owned(),
                    "tool_cancelled" => "given up".to_owned(),
                    _ => return News::Nothing,
                };
                VoiceInput::ToolEnded { id, outcome }
            }
            _ => return News::Nothing,
        })
    }

    fn change(&self, change: &LiveChange) -> News {
        News::Input(match change {
            LiveChange::Floor { floor } => VoiceInput::Listens(*floor == Floor::Waiting),
            LiveChange::Clause { say, text, .. } => {
                VoiceInput::Clause { say: *say, spoken: self.spoken(&text.0), read: text.0.clone() }
            }
            LiveChange::Heard { say, chars, done } => VoiceInput::Heard { say: *say, chars: *chars, done: *done },
            LiveChange::Interrupted { say, .. } => VoiceInput::Interrupted { say: *say },
            LiveChange::Taken { text, by, .. } => VoiceInput::Taken {
                text: text.0.clone(),
                by: match by {
                    AnswerMethod::Voice => By::Voice,
                    AnswerMethod::Keys => By::Keys,
                    AnswerMethod::Text => By::Text,
                },
            },
            _ => return News::Nothing,
        })
    }

    /// The words by which a voice says what is read.
    fn spoken(&self, read: &str) -> String {
        let clauses = self.bot.clauses(read);
        clauses.iter().map(|clause| clause.said.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Answers what the bot asks of a tool; what is wrong with that.
    fn answer_tool(
        &mut self,
        AskedTool { call, answer }: AskedTool,
        tools: &mut dyn Tools,
        live: bool,
        core: &mut VoiceCall<'_>,
    ) -> Option<String> {
        core.handle(Instant::now(), VoiceInput::ToolCalled(call.clone()));
        let found = tools.answer(&call);
        let problem = format!("the bot asks {:?}, and no [[tool]] of the file answers that", shown(&call));
        let is_missing = found.is_none() && !live;
        let found = found.map(|found| ToolAnswer { after: found.after, outcome: found.result });
        let unreachable = || ToolAnswer { after: Duration::ZERO, outcome: Err(ToolFault::Unreachable) };
        let found = if is_missing { Some(unreachable()) } else { found };
        if let Some(Ok(json)) = found.as_ref().map(|found| &found.outcome) {
            self.outcomes.insert(call.id, json.to_string());
        }
        // The bot gave it up meanwhile.
        let _ = answer.send(found);
        is_missing.then_some(problem)
    }
}

/// The id of the call that `caller` makes.
async fn started(events: &mut Receiver<Arc<TimelineEvent>>, caller: &str) -> anyhow::Result<String> {
    loop {
        let event = events.recv().await.context("the server has stopped")?;
        if let CallEvent::Started(started) = &event.event
            && started.from.0.contains(caller)
        {
            return Ok(event.call.clone());
        }
    }
}

fn observed(observation: Observation) -> News {
    News::Input(match observation {
        Observation::BotBegan { at } | Observation::Answered { at, .. } => VoiceInput::BotSounds(at),
        Observation::BotFinished { .. } => VoiceInput::BotQuiet,
        Observation::CallerStopped { at, .. } => VoiceInput::CallerStopped(at),
        _ => return News::Nothing,
    })
}

/// Of another call, or nothing: the record was faster than this.
fn told(fault: Option<RecvError>) -> News {
    match fault {
        None => News::Nothing,
        Some(RecvError::Lagged(missed)) => {
            News::Input(VoiceInput::Fault(format!("{missed} events of the call's record were missed")))
        }
        Some(RecvError::Closed) => News::Over,
    }
}
