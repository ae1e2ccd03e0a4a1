//! `ClauseQueue`: what a call's voice has yet to say, clause by clause and in order, and its sound on the way to the playout. The
//! speech workers go through it, and so do the golden calls of `tests/sim`, which have no workers.
use crate::Rate;
use crate::tts::delivery::{ClauseText, Delivery};
use crate::tts::{Chunk, Sink, Sound, TtsFault, Unsent, UtteranceId};
use std::collections::VecDeque;
use std::ops::ControlFlow::{self, Break, Continue};

/// A clause that is being said or waits to be.
#[derive(Clone, Debug)]
pub struct Clause {
    pub utterance: UtteranceId,
    /// Normalised.
    pub text: String,
    pub delivery: Delivery,
    pub interruptible: bool,
    /// The rate its sound is made at.
    pub rate: Rate,
    /// Characters whose sound has left for the playout: where another engine goes on.
    pub said: u32,
    /// A bit for each engine that failed on it.
    pub(super) tried: u32,
    /// The engine at work on it.
    pub(super) place: Option<usize>,
}

/// Silence that a voice's sound has around a clause, the end of one and the beginning of the next together.
const MARGIN_MS: usize = 135;

/// The pause behind a clause, by the mark it ends with: as people make between sentences, and shorter within one.
fn pause_ms(text: &str) -> usize {
    match text.trim_end_matches(['"', '\'', '”', '’', ')']).chars().last() {
        Some('…') => 700,
        Some('?') => 400,
        Some('.' | '!') => 350,
        Some(':' | ';') => 250,
        Some(',') => 180,
        _ => 0,
    }
}

pub struct ClauseQueue {
    sink: Box<dyn Sink>,
    /// Sound that the sink had no place for, offered again later. The next clause is not begun before it has left, so that it is
    /// never more than one clause.
    unsent: VecDeque<Sound>,
    /// Of the line.
    rate: Rate,
    waiting: VecDeque<Clause>,
    current: Option<Clause>,
    floor: UtteranceId,
    closed: bool,
}

impl ClauseQueue {
    /// `rate`: that of the line.
    pub fn new(sink: Box<dyn Sink>, rate: Rate) -> Self {
        let (unsent, waiting, floor) = (VecDeque::new(), VecDeque::new(), UtteranceId(0));
        Self { sink, unsent, rate, waiting, current: None, floor, closed: false }
    }

    /// Adds a clause behind the others; one below the floor is left out.
    ///
    /// # Errors
    /// [`TtsFault::Busy`] when `limit` clauses wait already, or when the queue is closed.
    pub fn push(
        &mut self,
        utterance: UtteranceId,
        text: ClauseText,
        interruptible: bool,
        limit: usize,
    ) -> Result<(), TtsFault> {
        let ((rate, said, tried, place), ClauseText { text, delivery }) = ((self.rate, 0, 0, None), text);
        self.push_begun(Clause { utterance, text, delivery, interruptible, rate, said, tried, place }, limit)
    }

    /// Adds a clause of which another queue has said a part: the rest is said, at this queue's rate.
    ///
    /// # Errors
    /// As those of [`ClauseQueue::push`].
    pub fn push_begun(&mut self, clause: Clause, limit: usize) -> Result<(), TtsFault> {
        if self.closed || self.waiting.len() >= limit {
            return Err(TtsFault::Busy);
        }
        if clause.utterance >= self.floor {
            self.waiting.push_back(Clause { rate: self.rate, tried: 0, place: None, ..clause });
        }
        Ok(())
    }

    /// The line has another rate now: clauses not yet begun are made at it.
    pub fn tune(&mut self, rate: Rate) {
        self.rate = rate;
        self.waiting.iter_mut().for_each(|clause| clause.rate = rate);
    }

    /// Nothing below `floor` is said any more; the current clause stops at its next piece of sound.
    pub fn hush(&mut self, floor: UtteranceId) {
        self.floor = self.floor.max(floor);
        let floor = self.floor;
        self.waiting.retain(|clause| clause.utterance >= floor);
        self.unsent.retain(|sound| sound.utterance >= floor);
    }

    /// Nothing is said any more.
    pub fn close(&mut self) {
        self.closed = true;
        self.waiting.clear();
        self.unsent.clear();
    }

    /// Whether a clause is to be synthesised now: not while sound of the one before it waits for its sink.
    pub fn is_due(&self) -> bool {
        (self.current.is_some() || !self.waiting.is_empty()) && self.unsent.is_empty()
    }

    /// Whether sound waits for its sink.
    pub fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    pub fn is_wanted(&self, utterance: UtteranceId) -> bool {
        !self.closed && utterance >= self.floor
    }

    /// The clause to say now: the current one while it is wanted, else the next.
    pub fn next_clause(&mut self) -> Option<Clause> {
        let floor = self.floor;
        self.current.take_if(|clause| clause.utterance < floor);
        if self.current.is_none() {
            self.current = self.waiting.pop_front();
        }
        self.current.clone().filter(|_| !self.closed)
    }

    pub(super) fn current(&self) -> Option<&Clause> {
        self.current.as_ref()
    }

    pub(super) fn current_mut(&mut self) -> Option<&mut Clause> {
        self.current.as_mut()
    }

    /// A piece of a clause's sound goes to the sink, or waits until there is room. `base`: characters of the clause before the text
    /// that the engine was given. `Break`: nobody wants more of it.
    pub fn send(&mut self, clause: &Clause, base: u32, chunk: Chunk<'_>) -> ControlFlow<()> {
        let &Clause { utterance, interruptible, rate, .. } = clause;
        if !self.is_wanted(utterance) {
            return Break(());
        }
        if chunk.pcm.is_empty() {
            return Continue(());
        }
        let upto_char = base + chunk.upto_char;
        self.unsent.push_back(Sound {
            utterance,
            pcm: chunk.pcm.to_vec(),
            rate,
            upto_char,
            interruptible,
            last: false,
        });
        self.send_rest()?;
        if let Some(current) = &mut self.current {
            current.said = upto_char;
        }
        Continue(())
    }

    /// Offers its sink what waits. `Break`: the call is gone.
    pub fn send_rest(&mut self) -> ControlFlow<()> {
        while let Some(sound) = self.unsent.pop_front() {
            match self.sink.sound(sound) {
                Ok(()) => {}
                Err(Unsent::Full(sound)) => {
                    self.unsent.push_front(sound);
                    return Continue(());
                }
                Err(Unsent::Gone) => {
                    self.closed = true;
                    self.unsent.clear();
                    return Break(());
                }
            }
        }
        Continue(())
    }

    /// Nothing more comes of the current clause, whole or not: the playout is told so. Where another follows, the pause between them
    /// belongs to it.
    pub fn end(&mut self) {
        let Some(clause) = self.current.take().filter(|clause| self.is_wanted(clause.utterance)) else { return };
        let Clause { utterance, interruptible, rate, said, text, .. } = clause;
        let chars = text.chars().count() as u32;
        let upto_char = said.min(chars);
        let silence = rate.hz() as usize * pause_ms(&text).saturating_sub(MARGIN_MS) / 1000;
        if said >= chars && silence > 0 && !self.waiting.is_empty() {
            let pcm = vec![0; silence];
            self.unsent.push_back(Sound { utterance, pcm, rate, upto_char, interruptible, last: false });
        }
        self.unsent.push_back(Sound { utterance, pcm: Vec::new(), rate, upto_char, interruptible, last: true });
        _ = self.send_rest();
    }

    /// Takes out all clauses: this queue says none of them.
    pub fn take_all(&mut self) -> Vec<Clause> {
        self.current.take().into_iter().chain(std::mem::take(&mut self.waiting)).collect()
    }

    /// The end of a clause that was taken out.
    pub(super) fn end_taken(&mut self, clause: Clause) {
        self.current = Some(clause);
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Takes so many pieces of sound.
    #[derive(Clone)]
    struct Room(Arc<Mutex<(usize, Vec<Sound>)>>);

    impl Sink for Room {
        fn sound(&mut self, sound: Sound) -> Result<(), Unsent> {
            let mut room = self.0.lock().unwrap();
            if room.0 == 0 {
                return Err(Unsent::Full(sound));
            }
            room.0 -= 1;
            room.1.push(sound);
            Ok(())
        }
    }

    fn queue(places: usize) -> (ClauseQueue, Room) {
        let room = Room(Arc::new(Mutex::new((places, Vec::new()))));
        (ClauseQueue::new(Box::new(room.clone()), Rate::Hz8000), room)
    }

    fn chunk(upto_char: u32) -> Chunk<'static> {
        Chunk { pcm: &[1; 160], upto_char }
    }

    fn say(queue: &mut ClauseQueue, number: u64) {
        queue.push(UtteranceId(number), "two words".into(), true, 3).unwrap();
    }

    #[test]
    fn clauses_are_said_in_order_and_each_ends_with_an_empty_piece() {
        let (mut queue, room) = queue(9);
        say(&mut queue, 1);
        say(&mut queue, 2);
        for number in [1, 2] {
            let clause = queue.next_clause().unwrap();
            assert_eq!(clause.utterance, UtteranceId(number));
            assert!(queue.send(&clause, 0, chunk(3)).is_continue() && queue.send(&clause, 0, chunk(9)).is_continue());
            queue.end();
        }
        let sent: Vec<_> = room.0.lock().unwrap().1.iter().map(|s| (s.utterance.0, s.upto_char, s.last)).collect();
        assert_eq!(sent, [(1, 3, false), (1, 9, false), (1, 9, true), (2, 3, false), (2, 9, false), (2, 9, true)]);
        assert!(queue.next_clause().is_none());
    }

    #[test]
    fn between_two_clauses_lies_the_pause_of_the_mark_at_the_end_of_the_first() {
        for (text, ms) in [
            ("Good morning.", 350),
            ("Is that right?", 400),
            ("One moment…", 700),
            ("Well,", 180),
            ("He said \"No.\"", 350),
            ("and", 135),
        ] {
            let (mut queue, room) = queue(9);
            queue.push(UtteranceId(1), text.into(), true, 3).unwrap();
            say(&mut queue, 2);
            let all = text.chars().count() as u32;
            for number in [1, 2] {
                let clause = queue.next_clause().unwrap();
                assert_eq!(clause.utterance, UtteranceId(number));
                _ = queue.send(&clause, 0, chunk(clause.text.chars().count() as u32));
                queue.end();
            }
            let sent: Vec<_> =
                room.0.lock().unwrap().1.iter().map(|s| (s.utterance.0, s.pcm.len() / 8, s.upto_char)).collect();
            let pause = ms - 135;
            let first = if pause > 0 {
                vec![(1, 20, all), (1, pause, all), (1, 0, all)]
            } else {
                vec![(1, 20, all), (1, 0, all)]
            };
            // Nothing follows the second: the caller's turn begins at once.
            assert_eq!(sent, [first, vec![(2, 20, 9), (2, 0, 9)]].concat(), "{text}");
        }
    }

    #[test]
    fn a_clause_that_broke_off_is_followed_at_once() {
        let (mut queue, room) = queue(9);
        queue.push(UtteranceId(1), "Good morning.".into(), true, 3).unwrap();
        say(&mut queue, 2);
        let clause = queue.next_clause().unwrap();
        _ = queue.send(&clause, 0, chunk(4));
        queue.end();
        assert_eq!(room.0.lock().unwrap().1.len(), 2, "its sound and its end");
    }

    #[test]
    fn another_engine_goes_on_where_the_first_left_off() {
        let (mut queue, room) = queue(9);
        say(&mut queue, 1);
        let clause = queue.next_clause().unwrap();
        _ = queue.send(&clause, 0, chunk(4));
        let clause = queue.next_clause().unwrap();
        assert_eq!(clause.said, 4);
        _ = queue.send(&clause, clause.said, chunk(5));
        queue.end();
        let upto: Vec<_> = room.0.lock().unwrap().1.iter().map(|sound| sound.upto_char).collect();
        assert_eq!(upto, [4, 9, 9]);
    }

    #[test]
    fn a_clause_that_another_queue_has_begun_is_said_from_where_it_was_left() {
        let ((mut first, _), (mut second, room)) = (queue(9), queue(9));
        say(&mut first, 5);
        let clause = first.next_clause().unwrap();
        _ = first.send(&clause, 0, chunk(4));
        second.tune(Rate::Hz16000);
        for clause in first.take_all() {
            second.push_begun(clause, 3).unwrap();
        }
        let clause = second.next_clause().unwrap();
        assert_eq!((clause.utterance, clause.said, clause.rate), (UtteranceId(5), 4, Rate::Hz16000));
        _ = second.send(&clause, clause.said, chunk(5));
        second.end();
        assert_eq!(room.0.lock().unwrap().1.iter().map(|sound| sound.upto_char).collect::<Vec<_>>(), [9, 9]);
        assert!(first.next_clause().is_none());
    }

    #[test]
    fn sound_that_finds_no_room_holds_the_next_clause_up_and_leaves_later() {
        let (mut queue, room) = queue(1);
        say(&mut queue, 1);
        say(&mut queue, 2);
        let clause = queue.next_clause().unwrap();
        _ = queue.send(&clause, 0, chunk(9));
        queue.end();
        assert!(queue.has_unsent() && !queue.is_due());
        room.0.lock().unwrap().0 = 9;
        assert!(queue.send_rest().is_continue());
        assert!(!queue.has_unsent() && queue.is_due());
    }

    #[test]
    fn nothing_below_the_floor_is_said_or_sent() {
        let (mut queue, room) = queue(1);
        for number in 1..=3 {
            say(&mut queue, number);
        }
        assert_eq!(queue.push(UtteranceId(4), "".into(), true, 3), Err(TtsFault::Busy));
        let clause = queue.next_clause().unwrap();
        _ = queue.send(&clause, 0, chunk(3));
        _ = queue.send(&clause, 0, chunk(5));
        queue.hush(UtteranceId(3));
        assert!(!queue.has_unsent() && queue.send(&clause, 0, chunk(9)).is_break());
        queue.end();
        assert_eq!(queue.next_clause().map(|clause| clause.utterance), Some(UtteranceId(3)));
        say(&mut queue, 2);
        assert_eq!(queue.take_all().len(), 1, "the third alone");
        assert_eq!(room.0.lock().unwrap().1.len(), 1);
    }

    #[test]
    fn a_new_rate_holds_for_clauses_not_yet_begun() {
        let (mut queue, _) = queue(9);
        say(&mut queue, 1);
        say(&mut queue, 2);
        assert_eq!(queue.next_clause().unwrap().rate, Rate::Hz8000);
        queue.tune(Rate::Hz16000);
        assert_eq!(queue.next_clause().unwrap().rate, Rate::Hz8000);
        queue.end();
        assert_eq!(queue.next_clause().unwrap().rate, Rate::Hz16000);
    }
}
