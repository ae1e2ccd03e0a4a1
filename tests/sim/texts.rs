//! Texts of any length, on voices of any pace, in any state of a call.
use crate::rig::{Plan, ms};
use media::noise::Dice;

fn below(dice: &mut Dice, bound: u64) -> u64 {
    dice.roll() % bound
}

/// A sentence or many, of `words` words.
fn text(dice: &mut Dice, words: u64) -> String {
    const WORDS: [&str; 8] = ["a", "room", "for", "tomorrow", "in", "which", "extraordinarily", "place"];
    let mut text = String::from("Well");
    for _ in 1..words {
        text.push_str(if below(dice, 18) == 0 { ". " } else { " " });
        text.push_str(WORDS[below(dice, 8) as usize]);
    }
    text + "."
}

/// From two words to about four hundred, long ones as often as short ones.
fn length(dice: &mut Dice) -> u64 {
    let scale = 2 << below(dice, 8);
    scale + below(dice, scale / 2 + 1)
}

fn bot(dice: &mut Dice) -> String {
    let mut any = || {
        let words = length(dice);
        text(dice, words)
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
        let mut dice = Dice::new(seed);
        let mut plan = Plan::new(bot(&mut dice));
        // As fast as a clip at hand, or slower than the standby clip waits.
        plan.voice.first = ms([20, 60, 300, 900, 2_500][below(&mut dice, 5) as usize]);
        let mut call = plan.answer();
        let interrupts = below(&mut dice, 2) == 1;
        if interrupts {
            // Any clause of any question, as long as there are so many.
            call.hear(ms(300 + below(&mut dice, 3_000)));
            call.speak("two people");
        }
        // A call lasts an hour at most.
        for _ in 0..12 {
            call.run_out();
        }
        call.check_invariants();
        let unheard = call.invariants.unheard();
        assert!(interrupts || unheard.is_empty(), "seed {seed}: not heard whole: {unheard:?}");
    }
}
