//! Who is offered to whom, who waits where and for how long, under simulated time.
use super::*;
use std::collections::HashSet;

const RING: Duration = Duration::from_secs(20);
const WAIT: Duration = Duration::from_secs(600);

struct Sim {
    queue: Queue,
    start: Instant,
    now: Instant,
    news: Vec<(u64, QueueNews)>,
}

impl Sim {
    fn new() -> Self {
        let now = Instant::now();
        Self { queue: Queue::default(), start: now, now, news: Vec::new() }
    }

    fn act<T>(&mut self, act: impl FnOnce(&mut Queue, Instant) -> T) -> T {
        let done = act(&mut self.queue, self.now);
        let second = (self.now - self.start).as_secs();
        while let Some(news) = self.queue.poll() {
            self.news.push((second, news));
        }
        done
    }

    fn pass(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        while let Some(due) = self.queue.deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.act(Queue::tick);
            assert!(self.queue.deadline().is_none_or(|due| due > self.now), "a deadline stays due");
        }
        self.now = until;
    }

    fn enter(&mut self, call: &str, wait: Duration) {
        let entry = entry(call, &[], wait);
        self.act(|queue, now| queue.enter(now, entry));
    }

    fn agent(&mut self, name: &str) {
        let agent = Agent { name: name.into(), bots: None, skills: None };
        self.act(|queue, now| queue.arrive(now, agent));
    }

    fn look(&mut self) -> Vec<String> {
        let shown = |(at, news): (u64, QueueNews)| match news {
            QueueNews::Offered { offer, call, agent } => format!("{at} {offer}: {call} to {agent}"),
            QueueNews::Withdrawn { offer, agent } => format!("{at} {offer}: not {agent}"),
            QueueNews::Refused { call, agent, why } => format!("{at} {agent} refuses {call}: {why}"),
            QueueNews::Place { call, place, wait } => {
                format!(
                    "{at} {call} is {place}{}",
                    wait.map(|wait| format!(" for {}", wait.as_secs())).unwrap_or_default()
                )
            }
            QueueNews::Failed { call, fault } => format!("{at} {call}: {fault}"),
            QueueNews::Away { agent } => format!("{at} {agent} is away"),
        };
        std::mem::take(&mut self.news).into_iter().map(shown).collect()
    }
}

fn entry(call: &str, skills: &[&str], wait: Duration) -> Entry {
    Entry {
        call: call.into(),
        bot: "booking".into(),
        destination: "desk".into(),
        skills: skills.iter().map(|skill| (*skill).to_owned()).collect(),
        ring: RING,
        wait,
        most: 3,
    }
}

#[test]
fn who_comes_first_is_offered_first_to_who_has_been_free_the_longest() {
    let mut sim = Sim::new();
    sim.agent("an");
    sim.pass(1);
    sim.agent("ben");
    sim.enter("c1", WAIT);
    sim.enter("c2", WAIT);
    sim.enter("c3", WAIT);
    assert_eq!(sim.look(), ["1 1: c1 to an", "1 2: c2 to ben"]);
    let taken = sim.act(|queue, now| queue.accept(now, 2, "ben"));
    assert_eq!(taken.map(|entry| entry.call), Ok("c2".into()));
    assert_eq!(sim.act(|queue, now| queue.accept(now, 2, "ben")), Err(OfferGone), "once");
    assert_eq!(sim.act(|queue, now| queue.accept(now, 1, "ben")), Err(OfferGone), "it is an's");
    sim.pass(5);
    sim.act(|queue, now| queue.free(now, "ben"));
    assert_eq!(sim.look(), ["6 3: c3 to ben"]);
}

#[test]
fn an_offer_that_runs_out_or_is_declined_goes_to_the_next_and_back_to_the_bot_when_nobody_is_left() {
    let mut sim = Sim::new();
    sim.agent("an");
    sim.pass(1);
    sim.agent("ben");
    sim.enter("c1", WAIT);
    sim.pass(25);
    let told = ["1 1: c1 to an", "7 c1 is 1", "21 an refuses c1: no answer", "21 1: not an", "21 2: c1 to ben"];
    assert_eq!(sim.look(), told);
    assert_eq!(sim.act(|queue, now| queue.decline(now, 2, "ben", "lunch")), Ok(()));
    assert_eq!(sim.look(), ["26 ben refuses c1: lunch", "26 c1: declined"]);
    // Only who does not answer: nobody has said no.
    sim.act(|queue, now| queue.go(now, "ben"));
    sim.enter("c2", Duration::ZERO);
    sim.pass(30);
    assert_eq!(
        sim.look(),
        ["26 3: c2 to an", "46 an is away", "46 an refuses c2: no answer", "46 3: not an", "46 c2: no answer"]
    );
}

#[test]
fn who_does_not_wait_is_told_at_once_that_nobody_is_there_or_free() {
    let mut sim = Sim::new();
    sim.enter("c1", Duration::ZERO);
    sim.enter("c2", WAIT);
    sim.agent("an");
    sim.enter("c3", WAIT);
    sim.enter("c4", Duration::ZERO);
    assert_eq!(sim.look(), ["0 c1: nobody available", "0 c2: nobody available", "0 1: c3 to an", "0 c4: busy"]);
}

#[test]
fn skills_and_bots_decide_who_may_take_a_call() {
    let mut sim = Sim::new();
    let skills = |skills: &[&str]| Some(skills.iter().map(|skill| (*skill).to_owned()).collect());
    let agent = |name: &str, bots: Option<Vec<String>>, skills| Agent { name: name.into(), bots, skills };
    sim.act(|queue, now| queue.arrive(now, agent("an", None, skills(&["billing"]))));
    sim.act(|queue, now| queue.arrive(now, agent("ben", Some(vec!["places".into()]), None)));
    sim.act(|queue, now| queue.enter(now, entry("c1", &["billing", "french"], WAIT)));
    assert_eq!(sim.look(), ["0 c1: nobody available"]);
    sim.act(|queue, now| queue.enter(now, entry("c2", &["billing"], WAIT)));
    assert_eq!(sim.look(), ["0 1: c2 to an"]);
    sim.act(|queue, now| queue.arrive(now, agent("cho", None, skills(&["billing", "french"]))));
    sim.act(|queue, now| queue.enter(now, entry("c3", &["french"], WAIT)));
    assert_eq!(sim.look(), ["0 2: c3 to cho"]);
}

#[test]
fn who_waits_is_told_their_place_as_it_gets_better_and_how_long_it_may_take() {
    let mut sim = Sim::new();
    sim.agent("an");
    for call in ["c1", "c2", "c3", "c4"] {
        sim.enter(call, WAIT);
    }
    assert_eq!(sim.look(), ["0 1: c1 to an", "0 c4: busy"], "three may wait");
    sim.act(|queue, now| queue.accept(now, 1, "an")).unwrap();
    sim.pass(40);
    assert_eq!(sim.look(), ["6 c2 is 1", "6 c3 is 2"]);
    sim.act(|queue, now| queue.free(now, "an"));
    sim.act(|queue, now| queue.accept(now, 2, "an")).unwrap();
    assert_eq!(sim.look(), ["40 2: c2 to an", "40 c3 is 1 for 40"]);
    sim.pass(300);
    assert_eq!(sim.look().len(), 6, "every 45 s");
    sim.pass(300);
    assert_eq!(sim.look().last().map(String::as_str), Some("600 c3: waited too long"));
}

#[test]
fn a_caller_who_hangs_up_and_an_agent_who_goes_end_their_offers() {
    let mut sim = Sim::new();
    sim.agent("an");
    sim.enter("c1", WAIT);
    sim.enter("c2", WAIT);
    sim.act(|queue, now| queue.leave(now, "c1"));
    assert_eq!(sim.look(), ["0 1: c1 to an", "0 1: not an", "0 2: c2 to an"]);
    sim.agent("ben");
    sim.act(|queue, now| queue.go(now, "an"));
    assert_eq!(sim.look(), ["0 2: not an", "0 3: c2 to ben"]);
    sim.act(|queue, now| queue.go(now, "ben"));
    assert_eq!(sim.look(), ["0 3: not ben", "0 c2: nobody available"]);
    assert!(sim.queue.rows().is_empty() && sim.queue.agents().is_empty() && sim.queue.deadline().is_none());
}

/// Numbers that look random, and are the same each time.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[test]
fn four_thousand_callers_and_thirty_agents_over_a_day() {
    let mut sim = Sim::new();
    let mut seed = 7;
    for n in 0..30 {
        sim.agent(&format!("a{n}"));
    }
    let mut busy: Vec<(Instant, String)> = Vec::new();
    let (mut offered, mut done) = (BTreeMap::<u64, (String, String)>::new(), HashSet::new());
    let (mut refused, mut order) = (HashSet::new(), Vec::new());
    let (mut accepted, mut failed) = (0, 0);
    for caller in 0..4_000_u64 {
        let mut new = entry(&format!("c{caller}"), &[], WAIT);
        new.most = 200;
        sim.act(|queue, now| queue.enter(now, new));
        sim.pass(random(&mut seed) % 14);
        if random(&mut seed).is_multiple_of(40) {
            let quits = format!("c{}", caller.saturating_sub(random(&mut seed) % 5));
            sim.act(|queue, now| queue.leave(now, &quits));
        }
        for at in (0..busy.len()).rev() {
            if busy[at].0 <= sim.now {
                let (_, agent) = busy.swap_remove(at);
                sim.act(|queue, now| queue.free(now, &agent));
            }
        }
        // Agents who were taken to be away come back.
        for (_, news) in std::mem::take(&mut sim.news) {
            match news {
                QueueNews::Offered { offer, call, agent } => {
                    assert!(offered.values().all(|(_, other)| *other != agent), "one offer for each agent");
                    assert!(busy.iter().all(|(_, other)| *other != agent), "{agent} speaks with somebody");
                    assert!(!refused.contains(&(call.clone(), agent.clone())), "{agent} has refused {call}");
                    assert!(!done.contains(&call));
                    if order.last() != Some(&call) {
                        order.push(call.clone());
                    }
                    offered.insert(offer, (call, agent));
                }
                QueueNews::Withdrawn { offer, .. } => drop(offered.remove(&offer)),
                QueueNews::Refused { call, agent, .. } => {
                    offered.retain(|_, other| *other != (call.clone(), agent.clone()));
                    refused.insert((call, agent));
                }
                QueueNews::Failed { call, .. } => {
                    failed += 1;
                    assert!(done.insert(call), "one outcome");
                }
                QueueNews::Away { agent } => sim.agent(&agent),
                QueueNews::Place { .. } => {}
            }
        }
        for (offer, (call, agent)) in offered.clone() {
            match random(&mut seed) % 10 {
                0..6 => {
                    if sim.act(|queue, now| queue.accept(now, offer, &agent)).is_ok() {
                        accepted += 1;
                        assert!(done.insert(call), "one outcome");
                        busy.push((sim.now + Duration::from_secs(30 + random(&mut seed) % 240), agent));
                    }
                    offered.remove(&offer);
                }
                6 => {
                    if sim.act(|queue, now| queue.decline(now, offer, &agent, "no")).is_ok() {
                        refused.insert((call, agent));
                    }
                    offered.remove(&offer);
                }
                _ => {}
            }
        }
    }
    let mut seen = HashSet::new();
    let firsts = order.iter().map(|call| call[1..].parse::<u64>().unwrap()).filter(|number| seen.insert(*number));
    let firsts: Vec<u64> = firsts.collect();
    assert!(firsts.is_sorted(), "first come, first offered");
    assert!(accepted > 3_500 && failed < 200, "{accepted} were taken, {failed} were not");
}
