//! `Ears`: the ear thread. It owns all ears of one media thread; sound and orders come once per tick, verdicts go back.
//! Silero runs once per tick, on all windows that are due.
use super::Counters;
use crate::Frame;
use crate::asr::Listen;
use crate::ear::{Ear, EarPlan, EarState, EarStep};
use crate::ear_input::EarInput;
use crate::room::Seat;
use crate::vad::{Edge, Models, Scratch, SileroState};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};

pub(super) enum EarCommand {
    Join(u64, Seat, EarPlan),
    Leave(u64, Seat),
    LeaveAll(u64),
    Listen(u64, Seat, Option<Box<dyn Listen>>),
    SetState(u64, Seat, EarState),
}

/// What the ear thread asks of an ear: of [`Ear`], or of one that a simulated call has in its place.
pub trait LineEar {
    /// [`Ear::admit`].
    fn admit(&mut self, received: EarInput, sent: Frame, frames: &mut Vec<Frame>);
    /// [`Ear::take`].
    fn take(&mut self, frame: &Frame) -> EarStep;
    /// [`Ear::settle`].
    fn settle(&mut self, state: Option<Box<SileroState>>) -> Option<Edge>;
    /// [`Ear::is_due`].
    fn is_due(&self) -> bool;
    /// [`Ear::listen`].
    fn listen(&mut self, to: Option<Box<dyn Listen>>);
    /// [`Ear::set_state`].
    fn set_state(&mut self, state: EarState);
}

impl LineEar for Ear {
    fn admit(&mut self, received: EarInput, sent: Frame, frames: &mut Vec<Frame>) {
        Self::admit(self, received, sent, frames);
    }

    fn take(&mut self, frame: &Frame) -> EarStep {
        Self::take(self, frame)
    }

    fn settle(&mut self, state: Option<Box<SileroState>>) -> Option<Edge> {
        Self::settle(self, state)
    }

    fn is_due(&self) -> bool {
        Self::is_due(self)
    }

    fn listen(&mut self, to: Option<Box<dyn Listen>>) {
        Self::listen(self, to);
    }

    fn set_state(&mut self, state: EarState) {
        Self::set_state(self, state);
    }
}

/// One tick of all rooms. Orders are carried out before the sound is heard.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) tick: u64,
    pub(super) orders: Vec<EarCommand>,
    /// What was said and what was sent.
    pub(super) frames: Vec<(u64, Seat, EarInput, Box<Frame>)>,
    /// Frames that come late, beyond one for each line, of the rooms that have ticked so far.
    pub(super) late: usize,
}

/// Late frames of all lines of a media thread in one tick, beyond one of each line: a network that held back a hundred lines does
/// not make the ear thread late for others.
pub(super) const MAX_LATE: usize = 64;

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.orders.is_empty() && self.frames.is_empty()
    }

    /// How many late frames the rooms still to tick may add.
    pub(super) fn late_left(&self) -> usize {
        MAX_LATE.saturating_sub(self.late)
    }

    pub(super) fn leave_all(&mut self, id: u64) {
        self.frames.retain(|(room, ..)| *room != id);
        self.orders.push(EarCommand::LeaveAll(id));
    }

    pub(super) fn without_sound(mut self) -> Self {
        self.frames.clear();
        self
    }
}

pub(super) struct Verdicts {
    pub(super) tick: u64,
    pub(super) edges: Vec<(u64, Seat, Edge)>,
}

pub(super) struct Ears<E = Ear> {
    models: Models,
    counters: Arc<Counters>,
    new_ear: Box<dyn FnMut(EarPlan) -> E + Send>,
    ears: HashMap<(u64, Seat), E>,
    /// Windows of this tick that Silero is to look at.
    due: Vec<((u64, Seat), Box<SileroState>)>,
    scratch: Scratch,
    /// What is to be heard of one line in one tick.
    frames: Vec<Frame>,
    /// Edges that the media thread had no room for.
    owed: Vec<(u64, Seat, Edge)>,
}

impl Ears {
    pub(super) fn new(models: Models, counters: Arc<Counters>) -> Self {
        let own = models.clone();
        Self::with_maker(models, counters, Box::new(move |plan| Ear::new(plan, &own)))
    }
}

impl<E: LineEar> Ears<E> {
    /// `new_ear` makes the ear of a line that joins.
    pub(super) fn with_maker(
        models: Models,
        counters: Arc<Counters>,
        new_ear: Box<dyn FnMut(EarPlan) -> E + Send>,
    ) -> Self {
        Self {
            models,
            counters,
            new_ear,
            ears: HashMap::new(),
            due: Vec::new(),
            scratch: Scratch::default(),
            frames: Vec::new(),
            owed: Vec::new(),
        }
    }

    pub(super) fn run(mut self, inbox: &Receiver<Batch>, answers: &SyncSender<Verdicts>) {
        while let Ok(batch) = inbox.recv() {
            let Some(verdicts) = self.turn(batch) else { continue };
            match answers.try_send(verdicts) {
                Ok(()) => {}
                // The media thread stands still; it gets them with the next ones.
                Err(TrySendError::Full(verdicts)) => self.owed = verdicts.edges,
                Err(TrySendError::Disconnected(_)) => return,
            }
        }
    }

    /// One tick of all ears: their orders, then their sound.
    pub(super) fn turn(&mut self, batch: Batch) -> Option<Verdicts> {
        let (tick, mut edges) = (batch.tick, std::mem::take(&mut self.owed));
        self.hear(batch, &mut edges);
        (!edges.is_empty()).then_some(Verdicts { tick, edges })
    }

    fn carry_out(&mut self, order: EarCommand) {
        match order {
            EarCommand::Join(id, seat, plan) => drop(self.ears.insert((id, seat), (self.new_ear)(plan))),
            EarCommand::Leave(id, seat) => drop(self.ears.remove(&(id, seat))),
            EarCommand::LeaveAll(id) => self.ears.retain(|(room, _), _| *room != id),
            EarCommand::Listen(id, seat, to) => self.with((id, seat), |ear| ear.listen(to)),
            EarCommand::SetState(id, seat, state) => self.with((id, seat), |ear| ear.set_state(state)),
        }
    }

    fn hear(&mut self, batch: Batch, edges: &mut Vec<(u64, Seat, Edge)>) {
        for order in batch.orders {
            self.carry_out(order);
        }
        let mut frames = std::mem::take(&mut self.frames);
        for (id, seat, received, sent) in batch.frames {
            let key = (id, seat);
            self.with(key, |ear| ear.admit(received, *sent, &mut frames));
            for frame in frames.drain(..) {
                if self.ears.get(&key).is_some_and(E::is_due) {
                    self.settle(edges);
                }
                let mut heard = EarStep::Done(None);
                self.with(key, |ear| heard = ear.take(&frame));
                match heard {
                    EarStep::Done(edge) => edges.extend(edge.map(|edge| (id, seat, edge))),
                    EarStep::Window(state) => self.due.push((key, state)),
                }
            }
        }
        self.frames = frames;
        self.settle(edges);
    }

    /// Runs Silero on the windows that are due and settles them.
    fn settle(&mut self, edges: &mut Vec<(u64, Seat, Edge)>) {
        let mut due = std::mem::take(&mut self.due);
        let mut states: Vec<&mut SileroState> = due.iter_mut().map(|(_, state)| &mut **state).collect();
        let (models, scratch) = (&self.models, &mut self.scratch);
        let judged = catch_unwind(AssertUnwindSafe(|| models.infer(scratch, &mut states))).is_ok();
        if !judged {
            self.counters.broken_ears.fetch_add(1, Ordering::Relaxed);
            tracing::error!("Silero panicked; its lines go on with earshot alone");
        }
        for ((id, seat), state) in due.drain(..) {
            let mut edge = None;
            // After a panic no state is trusted.
            self.with((id, seat), |ear| edge = ear.settle(judged.then_some(state)));
            edges.extend(edge.map(|edge| (id, seat, edge)));
        }
        self.due = due;
    }

    /// An ear (or its listener) that panics is taken out; the others go on hearing.
    fn with(&mut self, key: (u64, Seat), act: impl FnOnce(&mut E)) {
        let Some(ear) = self.ears.get_mut(&key) else { return };
        if catch_unwind(AssertUnwindSafe(|| act(ear))).is_err() {
            self.ears.remove(&key);
            self.counters.broken_ears.fetch_add(1, Ordering::Relaxed);
            tracing::error!(room = key.0, "an ear panicked and is taken out; its call goes on without it");
        }
    }
}

#[cfg(test)]
mod tests;
