//! Texts of any length, on voices of any pace, in any state of a call.
use crate::plan::{Plan, ms};
use media::noise::Rng;

fn below(rng: &mut Rng, bound: u64) -> u64 {
    rng.next_u64() % bound
}

/// A sentence or many, of `words` words.
fn text(rng: &mut Rng, words: u64) -> String {
    const WORDS: [&str; 8] = ["a", "room", "for", "tomorrow", "in", "which", "extraordinarily", "place"];
    let mut text = String::from("Well");
    for _ in 1..words {
        text.push_str(if below(rng, 18) == 0 { ". " } else { " " });
        text.push_str(WORDS[below(rng, 8) as usize]);
    }
    text + "."
}

/// From two words to about four hundred, long ones as often as short ones.
fn length(rng: &mut Rng) -> u64 {
    let scale = 2 << below(rng, 8);
    scale + below(rng, scale / 2 + 1)
}

fn bot(rng: &mut Rng) -> String {
    let mut any = || {
        let words = length(rng);
        text(rng, words)
    };
    let (greeting, prompt, again, bye) = (any(), any(), any(), any());
    format!(
        "name = \"any\"\nlanguage = \"en\"\ngreeting = \"{greeting}\"\n[[slot]]\nname = \"people\"\ntype = \"number\"\n\
         min = 1\nmax = 6\nprompt = \"{prompt}\"\nreprompts = [\"{again}\"]\n[[task]]\nname = \"order\"\nslots = [\"people\"]\n\
         on_done = {{ say = \"{bye}\" }}\n"
    )
}

#[test]
fn any_text_on_any_voice_is_heard_whole_unless_the_caller_cuts_it() {
    for seed in 0..60 {
        let mut rng = Rng::new(seed);
        let mut plan = Plan::new(bot(&mut rng));
        // As fast as a clip at hand, or slower than the standby clip waits.
        plan.voice.first = ms([20, 60, 300, 900, 2_500][below(&mut rng, 5) as usize]);
        let mut call = plan.answer();
        let interrupts = below(&mut rng, 2) == 1;
        if interrupts {
            // Any clause of any question, as long as there are so many.
            call.hear(ms(300 + below(&mut rng, 3_000)));
            call.speak("two people");
        }
        // A call lasts an hour at most.
        for _ in 0..12 {
            call.run_out();
        }
        call.check_invariants();
        let unheard = call.port.invariants.unheard();
        assert!(interrupts || unheard.is_empty(), "seed {seed}: not heard whole: {unheard:?}");
    }
}
