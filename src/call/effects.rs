//! `Effects`: what the acts of a call reach in the server: the room, the speech pool, the recorder, the store, tools and the page.
use super::acts::{CallPort, request_of};
use super::approvals::queue::ApprovalQueue;
use super::bleep::Bleep;
use super::core::CallInput;
use super::memory::MemoryWriter;
use super::others::{BotSpeech, CallVoice};
use super::people::{People, PersonSearch, Searching};
use super::recording::CallRecording;
use super::voices::VoiceHeard;
use crate::engines::remote::{RemoteEars, RemoteListener, RemoteRecogniser};
use crate::language_models::{LanguageModels, Told};
use crate::standby::{Clip, Standby};
use crate::store::{CallEvent, LiveChange, Store};
use crate::tools::{RunningTool, Toolbox};
use dialog::approval::ApprovalCall;
use dialog::bot::Bot;
use dialog::conversation::{Expect, HandOver, ToolCall, ToolId};
use dialog::memory::MemoryNews;
use dialog::model::language_model::{ModelRequest, RequestId};
use dialog::seat_words::SeatWords;
use dialog::tool::{Effect, ToolFault};
use media::asr::{self, Ask, AsrFault, Heard, Lexicon, Listen, RecogniserChain};
use media::ear::EarPlan;
use media::engine::{Refused, RoomHandle, RoomOrder};
use media::hears::Supervision;
use media::leg::{LegInput, LegPlan};
use media::playout::Played;
use media::pool::{ListeningSetup, Pool};
use media::record::PausedBy;
use media::room::Seat;
use media::tts::delivery::ClauseText;
use media::tts::{Speak, Spoken, TtsFault, UtteranceId, Voice};
use media::{Language, Rate, Wire};
use std::collections::HashMap;
use std::sync::Arc;
use telephony::Transferrer;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

/// What one call's acts are carried out with.
pub struct Effects {
    pub id: String,
    pub room: RoomHandle,
    pub store: Store,
    /// Of a bot's call; an echo has neither recogniser nor voice.
    pub speech: Option<Speech>,
    pub(super) recorder: Option<CallRecording>,
    /// What runs the tools of the call's bot.
    pub toolbox: Toolbox,
    pub bot: Option<Arc<Bot>>,
    pub tools: JoinSet<ToolNews>,
    /// By which one of them is stopped.
    pub running: Vec<(ToolId, AbortHandle)>,
    /// The language models; an echo asks none.
    pub models: Option<CallModels>,
    /// To a browser's page.
    pub page: Option<mpsc::Sender<String>>,
    /// The call's bot, and where its actions wait for a supervisor; `None` in an echo.
    pub approvals: Option<(String, ApprovalQueue)>,
    /// What another bot that goes on with the call hears and speaks with; `None` in an echo.
    pub(super) others: Option<BotSpeech>,
    /// Where goes what is to be remembered of the caller; `None`: nothing is.
    pub(super) memory: Option<MemoryWriter>,
    /// Who finds persons; an echo needs none.
    pub(super) people: Option<CallPeople>,
    /// Supervisors at telephones.
    pub(super) phones: HashMap<Seat, SeatPhone>,
}

/// How a call asks language models.
pub struct CallModels {
    pub models: Arc<LanguageModels>,
    pub out: mpsc::Sender<Told>,
    /// The requests under way; they end with the call.
    pub asking: JoinSet<()>,
    /// By which one of them is stopped.
    pub running: Vec<(RequestId, AbortHandle)>,
}

/// What a tool has come to, and where what it comes to afterwards is told: it was late, and it acts.
pub struct ToolNews {
    pub input: CallInput,
    afterwards: Option<(ToolId, RunningTool)>,
}

/// What a call finds a person with.
pub(super) struct CallPeople {
    pub people: People,
    /// The bot's name.
    pub bot: String,
    /// Transfers the caller's telephone.
    pub transferrer: Option<Transferrer>,
    pub search: Option<PersonSearch>,
    /// Opens the voice that speaks to the person at a seat alone.
    pub voice: Box<dyn Fn(Seat) -> Box<dyn Speak> + Send>,
    pub brief: Option<Box<dyn Speak>>,
}

/// What a supervisor's telephone is told, and where its keys go.
#[derive(Default)]
pub(super) struct SeatPhone {
    keys: Option<mpsc::Sender<char>>,
    voice: Option<Box<dyn Speak>>,
    /// The number of the clause that they are being told.
    said: u64,
}

/// How a bot hears and speaks.
pub struct Speech {
    /// Of the call, in the pool's queues.
    pub number: u64,
    pub pool: Arc<Pool>,
    pub recognisers: Arc<RecogniserChain>,
    /// Those of other machines, which hear before.
    pub remote_recognisers: RemoteEars,
    /// Whether any recogniser knows this language; if none does, the call starts without one and works by keypad.
    pub hears: bool,
    pub language: Language,
    /// That of the line.
    pub rate: Rate,
    pub lexicon: Lexicon,
    pub speaker: CallVoice,
    pub standby: Arc<Standby>,
    pub heard: mpsc::Sender<Heard>,
    pub voices: mpsc::Sender<VoiceHeard>,
    /// How a supervisor's line is listened to.
    pub ear: EarPlan,
    pub spoken: mpsc::Sender<Spoken>,
}

/// The recogniser of another machine that hears this: the first that works. What is secret stays on this machine.
fn remote_of<'a>(engines: &'a RemoteEars, expect: &Expect) -> Option<&'a Arc<RemoteRecogniser>> {
    engines.iter().find(|engine| !expect.may_hold_secret && engine.is_well())
}

/// Reports of one voice's recogniser that may wait for the call's task; a recogniser that finds the queue full drops partial words.
const VOICE_REPORTS: usize = 64;

impl Speech {
    /// Another bot listens and speaks: its language, its words, its voice. `None`: there is no bot of that name any more, and what there
    /// is stays.
    fn change(&mut self, others: &BotSpeech, name: &str) -> Option<Voice> {
        let loaded = others.bots.get(name)?;
        let voice = loaded.voice(self.rate);
        let language = voice.language;
        self.recognisers = others.engines.ears(language);
        self.remote_recognisers = others.engines.remote_ears(language).clone();
        self.hears = others.engines.can_hear(language);
        self.language = language;
        self.lexicon = loaded.lexicon.clone();
        self.speaker = others.voice_of(&loaded.bot, voice.clone());
        self.standby = others.engines.standby(language);
        Some(voice)
    }

    /// Opens a recognition session, whose reports go to `out`.
    fn session(&self, expect: &Expect, out: mpsc::Sender<Heard>) -> Result<Box<dyn Listen>, AsrFault> {
        if !self.hears {
            return Err(AsrFault::Language("no recogniser for it".into()));
        }
        let can_hear = |ask: &Ask| self.recognisers.check(ask).is_ok();
        let ask = request_of(expect, self.language, self.lexicon.clone(), can_hear);
        if let Some(engine) = remote_of(&self.remote_recognisers, expect) {
            let free = Ask { expect: asr::Expect::Anything, ..ask.clone() };
            let near = ListeningSetup { call: self.number, engines: self.recognisers.clone(), ask: ask.clone(), out };
            let ask = if expect.free { &free } else { &ask };
            return Ok(Box::new(RemoteListener::open(engine.clone(), ask, self.pool.clone(), near)));
        }
        Ok(Box::new(self.pool.listen(self.number, self.recognisers.clone(), ask, out)?))
    }
}

impl Effects {
    /// Counts an order that found the queue of a media or speech thread full, because that thread is overloaded or gone. The limits of
    /// the call (dead air, call limit) end it if need be.
    fn count_lost(&self, lost: bool) {
        if lost {
            metrics::counter!("switchboard_call_commands_lost_total").increment(1);
            tracing::warn!(call = %self.id, "an order of this call was lost: a queue is full");
        }
    }

    /// What a tool has come to. One that acts and is late is waited for afterwards.
    pub fn told(&mut self, news: ToolNews) -> CallInput {
        if let Some((id, tool)) = news.afterwards {
            self.tools.spawn(async move {
                let result = tool.afterwards().await;
                ToolNews { input: CallInput::ToolDone { id, result }, afterwards: None }
            });
        }
        news.input
    }

    /// Whether the room has taken an order.
    fn taken(&self, ordered: &Result<(), Refused>) -> bool {
        self.count_lost(ordered.is_err());
        ordered.is_ok()
    }
}

impl CallPort for Effects {
    fn hears(&self) -> bool {
        self.speech.as_ref().is_none_or(|speech| speech.hears)
    }

    fn clip(&mut self, clip: Clip) -> Vec<i16> {
        self.speech.as_ref().map(|speech| speech.standby.get(clip).to_vec()).unwrap_or_default()
    }

    fn say(
        &mut self,
        utterance: UtteranceId,
        text: ClauseText,
        written: String,
        interruptible: bool,
    ) -> Result<(), TtsFault> {
        self.speech.as_ref().map_or(Ok(()), |speech| speech.speaker.say(utterance, text, written, interruptible))
    }

    fn played(&mut self, played: Played) {
        if let Some(model) = self.speech.as_ref().and_then(|speech| speech.speaker.model()) {
            model.played(played);
        }
    }

    fn unsay(&mut self, floor: UtteranceId) {
        self.speech.iter().for_each(|speech| speech.speaker.hush(floor));
    }

    fn tune(&mut self, rate: Rate) {
        if let Some(speech) = &mut self.speech {
            speech.rate = rate;
            speech.speaker.tune(rate);
        }
    }

    fn listen(&mut self, expect: &Expect) -> Result<Option<Box<dyn Listen>>, AsrFault> {
        let Some(speech) = &self.speech else { return Ok(None) };
        let to = speech.session(expect, speech.heard.clone())?;
        // What is secret, or would be masked, stays on this machine: sound cannot be masked.
        let masks = self.bot.as_ref().is_some_and(|bot| !bot.mask.is_empty());
        let hears = !expect.may_hold_secret && !expect.secret && !masks;
        Ok(Some(match speech.speaker.model() {
            Some(model) => model.listen(to, hears),
            None => to,
        }))
    }

    fn transcribe(&mut self, seat: Seat, session: u64, expect: &Expect) {
        let Some(speech) = &self.speech else { return };
        let (out, mut words) = mpsc::channel(VOICE_REPORTS);
        let voices = speech.voices.clone();
        // Over when the session is dropped, or the call.
        tokio::spawn(async move {
            while let Some(heard) = words.recv().await {
                if voices.send(VoiceHeard { seat, session, heard }).await.is_err() {
                    return;
                }
            }
        });
        match speech.session(expect, out.clone()) {
            Ok(to) => self.order(RoomOrder::Listen(seat, Some(to))),
            Err(fault) => self.count_lost(out.try_send(Heard::Failed(fault)).is_err()),
        }
    }

    fn order(&mut self, order: RoomOrder) {
        self.count_lost(self.room.order(order).is_err());
    }

    fn join(&mut self, seat: Seat, wire: Box<dyn Wire>, plan: LegPlan) -> bool {
        let ear = self.speech.as_ref().map(|speech| speech.ear);
        self.taken(&self.room.join(seat, wire, plan, ear))
    }

    fn supervise(&mut self, seat: Seat, mode: Supervision) -> bool {
        self.taken(&self.room.supervise(seat, mode))
    }

    fn leave(&mut self, seat: Seat) -> bool {
        self.phones.remove(&seat);
        self.taken(&self.room.leave(seat))
    }

    fn close_room(&mut self) {
        self.room.close();
    }

    fn pause_recording(&mut self, by: PausedBy, paused: bool) -> bool {
        self.recorder.iter().for_each(|recorder| recorder.pause(by, paused));
        self.recorder.is_some()
    }

    fn bleep(&mut self, bleep: Bleep) {
        self.recorder.iter().for_each(|recorder| recorder.bleep(bleep));
    }

    fn find_person(&mut self, wanted: &HandOver) {
        let Some(of) = &mut self.people else { return };
        let searching = Searching { call: &self.id, bot: &of.bot, transferrer: of.transferrer.as_ref() };
        of.search = of.people.find(&searching, wanted);
        let music = of.people.music(&wanted.to);
        self.order(RoomOrder::Leg(Seat::CALLER, LegInput::Music(Some(music))));
    }

    fn stop_person(&mut self) {
        self.people.iter_mut().for_each(|of| (of.search, of.brief) = (None, None));
        self.order(RoomOrder::Leg(Seat::CALLER, LegInput::Music(None)));
    }

    fn brief(&mut self, utterance: UtteranceId, text: ClauseText) {
        let Some(of) = &mut self.people else { return };
        let voice = of.brief.insert((of.voice)(Seat::AGENT));
        // An agent who hears no brief is joined all the same, a little later.
        let lost = voice.say(utterance, text, false).is_err();
        self.count_lost(lost);
    }

    fn seat_keys(&mut self, seat: Seat, keys: mpsc::Sender<char>) {
        self.phones.insert(seat, SeatPhone { keys: Some(keys), ..SeatPhone::default() });
    }

    fn seat_key(&mut self, seat: Seat, key: char) {
        // One that finds the queue full is lost, as if nobody had listened.
        let keys = self.phones.get(&seat).and_then(|phone| phone.keys.as_ref());
        keys.into_iter().for_each(|keys| _ = keys.try_send(key));
    }

    fn tell_seat(&mut self, seat: Seat, words: SeatWords) {
        let (Some(of), Some(phone)) = (&self.people, self.phones.get_mut(&seat)) else { return };
        let voice = phone.voice.get_or_insert_with(|| (of.voice)(seat));
        phone.said += 1;
        let language = self.bot.as_ref().map_or(dialog::language::Language::En, |bot| bot.language);
        let (utterance, text) = (UtteranceId(phone.said), words.text(language));
        voice.hush(utterance);
        let lost = voice.say(utterance, text.into(), false).is_err();
        self.order(RoomOrder::Leg(seat, LegInput::Hush(utterance)));
        self.count_lost(lost);
    }

    fn bridge_person(&mut self, wanted: &HandOver) {
        let Some(of) = &mut self.people else { return };
        of.search = of.people.bridge(&self.id, wanted);
    }

    fn stop_recording(&mut self, keeps: bool) {
        self.recorder.iter().for_each(|recorder| recorder.stop(keeps));
    }

    fn run(&mut self, call: ToolCall) {
        let (talk, id, effect) = (self.id.clone(), call.id, call.effect);
        let approval = self.approvals.clone().zip(ApprovalCall::of(&call));
        let (toolbox, bot) = (self.toolbox.clone(), self.bot.clone());
        let running = async move {
            if let Some(((bot, queue), asked)) = approval {
                let result = Ok(queue.ask(&talk, &bot, asked, id.0).await.record());
                return ToolNews { input: CallInput::ToolDone { id, result }, afterwards: None };
            }
            let mut tool = toolbox.start(&talk, bot.as_deref(), call);
            let result = tool.outcome().await;
            let goes_on = effect == Effect::Acts && result == Err(ToolFault::Late);
            ToolNews { input: CallInput::ToolDone { id, result }, afterwards: goes_on.then_some((id, tool)) }
        };
        self.running.retain(|(_, tool)| !tool.is_finished());
        self.running.push((id, self.tools.spawn(running)));
    }

    fn cancel(&mut self, id: ToolId) {
        self.running.iter().filter(|(running, _)| *running == id).for_each(|(_, tool)| tool.abort());
    }

    fn ask(&mut self, request: ModelRequest) {
        let model = self.speech.as_ref().and_then(|speech| speech.speaker.model());
        if let Some(model) = model.filter(|model| model.is(&request.model)) {
            return model.ask(request);
        }
        let Some(of) = &mut self.models else { return };
        while of.asking.try_join_next().is_some() {}
        of.running.retain(|(_, asking)| !asking.is_finished());
        let id = request.id;
        let asking = of.asking.spawn(of.models.clone().ask(request, of.out.clone()));
        of.running.push((id, asking));
    }

    fn stop_asking(&mut self, id: RequestId) {
        if let Some(model) = self.speech.as_ref().and_then(|speech| speech.speaker.model()) {
            model.stop(id);
        }
        let running = self.models.iter().flat_map(|of| &of.running);
        running.filter(|(running, _)| *running == id).for_each(|(_, asking)| asking.abort());
    }

    fn note(&mut self, event: CallEvent) {
        self.store.note(&self.id, event);
    }

    fn hurry(&mut self, hurries: bool) {
        self.speech.iter().for_each(|speech| speech.speaker.hurry(hurries));
    }

    fn become_bot(&mut self, name: String, bot: Arc<Bot>) {
        self.toolbox = self.toolbox.of_bot(&name, &bot);
        self.bot = Some(bot);
        if let Some((of, _)) = &mut self.approvals {
            of.clone_from(&name);
        }
        let Some((speech, others)) = self.speech.as_mut().zip(self.others.as_ref()) else { return };
        let voice = speech.change(others, &name);
        if let Some((people, voice)) = self.people.as_mut().zip(voice) {
            people.voice = others.to_seat(voice);
            people.bot = name;
            // Supervisors at telephones are told the next thing in this bot's voice and language.
            self.phones.values_mut().for_each(|phone| phone.voice = None);
        }
    }

    fn remember(&mut self, news: MemoryNews) {
        let lost = self.memory.as_ref().is_some_and(|memory| !memory.tell(news));
        self.count_lost(lost);
    }

    fn send_to_page(&mut self, message: String) {
        // If the queue is full, the leg ends the call of a page that does not read.
        self.page.iter().for_each(|page| drop(page.try_send(message.clone())));
    }

    fn tell_watchers(&mut self, change: LiveChange) {
        self.store.tell(&self.id, change);
    }

    fn report_heard(&mut self, heard: Heard) {
        let Some(speech) = &self.speech else { return };
        self.count_lost(speech.heard.try_send(heard).is_err());
    }

    fn report_spoken(&mut self, spoken: Spoken) {
        let Some(speech) = &self.speech else { return };
        self.count_lost(speech.spoken.try_send(spoken).is_err());
    }
}
