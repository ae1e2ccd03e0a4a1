//! Sound that a network held back, on many lines at once.
use super::super::ears::MAX_LATE;
use super::*;
use crate::ear_input::EarInput;

/// A wire whose network holds back what is sent in a stretch of time, and then brings it all at once.
struct Held {
    started: Instant,
    sent: u32,
    held: std::ops::Range<Duration>,
}

impl Wire for Held {
    fn recv(&mut self, now: Instant) -> Option<Packet> {
        let sent = TICK * self.sent;
        let comes = if self.held.contains(&sent) { self.held.end } else { sent };
        let arrived = self.started + comes;
        if arrived > now {
            return None;
        }
        self.sent += 1;
        Some(packet(arrived, self.sent))
    }

    fn send(&mut self, _: &Packet) {}
}

#[test]
fn late_frames_of_all_rooms_of_a_thread_together_are_bounded_in_each_tick() {
    const ROOMS: u64 = 40;
    let (mut rooms, mut slots) = (Vec::new(), Vec::new());
    for id in 0..ROOMS {
        let (room, events, slot) = slot(id);
        rooms.push((room, events));
        slots.push(slot);
    }
    let (mut driver, inbox) = driver(slots);
    for (slot, (room, _)) in driver.slots.iter_mut().zip(&rooms) {
        slot.begin(driver.epoch);
        let held = Duration::from_secs(1)..Duration::from_secs(2);
        let wire = Held { started: driver.epoch, sent: 0, held };
        room.join(Seat::CALLER, Box::new(wire), plan(Codec::Pcmu), Some(EarPlan::default())).unwrap();
    }
    let (mut most, mut frames) = (0, vec![0; ROOMS as usize]);
    for tick in 1..=250 {
        let now = driver.at(tick);
        driver.turn(tick, now, now);
        let batch = inbox.try_recv().unwrap();
        let mut late = 0;
        for (id, _, received, _) in &batch.frames {
            if let EarInput::Late(heard) = received {
                late += heard.len().saturating_sub(1);
            }
            frames[*id as usize] += match received {
                EarInput::Now(_) => 1,
                EarInput::Late(heard) => heard.len(),
                EarInput::Awaited { .. } => 0,
            };
        }
        assert!(late <= MAX_LATE, "{late} in tick {tick}");
        most = most.max(late);
    }
    assert_eq!(most, MAX_LATE, "what is allowed is used");
    // Every line has been given its second by then, but for what its jitter buffer holds.
    assert!(frames.iter().all(|frames| (240..=252).contains(frames)), "{frames:?}");
}
