//! Electric echoes: a gateway's hybrid, crosstalk, a loop-back. How often a bot takes its own sound for a caller there, and when
//! callers over it are noticed.
use super::{Ear, EchoControl, Models, Noticed, Place, hear, plan, replies, voices};
use std::time::Duration;

/// Samples of quiet before the bot's first sound, in every other call.
const LEAD: usize = 8_000;

struct Grid {
    losses_db: [f32; 6],
    responses_ms: [u64; 5],
    delays_us: [u64; 6],
    noises: [f32; 3],
    seed: u64,
    who: usize,
}

const USUAL: Grid = Grid {
    losses_db: [0.0, 3.0, 6.0, 10.0, 15.0, 20.0],
    responses_ms: [0, 4, 6, 20, 40],
    delays_us: [20_000, 32_500, 45_000, 63_375, 150_000, 400_000],
    noises: [0.0, 20.0, 60.0],
    seed: 1,
    who: 0,
};
const FRESH: Grid = Grid {
    losses_db: [1.0, 4.5, 8.0, 11.0, 12.5, 17.0],
    responses_ms: [0, 2, 8, 14, 30],
    delays_us: [12_500, 31_125, 86_000, 120_000, 233_750, 510_000],
    noises: [0.0, 8.0, 40.0],
    seed: 7_000,
    who: 29,
};

fn place(grid: &Grid, loss_db: f32, response_ms: u64, call: usize) -> Place {
    let delay = Duration::from_micros(grid.delays_us[call % grid.delays_us.len()]);
    let noise = grid.noises[(call / 2) % grid.noises.len()];
    let seed = grid.seed + call as u64;
    Place { noise, seed, ..Place::circuit(loss_db, delay, Duration::from_millis(response_ms)) }
}

fn bot(who: usize, seconds: f32) -> Vec<i16> {
    let said = if who.is_multiple_of(3) { voices::talk_vietnamese(who, seconds) } else { voices::talk(who, seconds) };
    let lead = if who.is_multiple_of(2) { LEAD } else { 0 };
    [vec![0; lead], said].concat()
}

pub(super) fn table(fresh: bool, models: &[(&str, Models)]) {
    let grid = if fresh { &FRESH } else { &USUAL };
    println!("\nThe bot speaks into electric echoes, 36 s a cell in six calls, nobody else does: ducks (holds)");
    for (name, models) in models {
        for echo in [EchoControl::On, EchoControl::Off] {
            let (mut ducks, mut holds) = (0, 0);
            println!(
                "{name}, echo control {echo:?}\n  loss \\ response {}",
                grid.responses_ms.map(|ms| format!("{ms:>9} ms")).concat()
            );
            for (row, loss) in grid.losses_db.into_iter().enumerate() {
                print!("  {loss:>8} dB     ");
                for (column, response) in grid.responses_ms.into_iter().enumerate() {
                    let (mut cell, mut long) = (0, 0);
                    for n in 0..6 {
                        let call = (row * 5 + column) * 6 + n;
                        let place = place(grid, loss, response, call);
                        let (starts, held) =
                            hear(&mut Ear::new(plan(echo), models), place, &bot(call + grid.who, 6.0), &[]);
                        (cell, long) = (cell + starts.len(), long + held);
                    }
                    (ducks, holds) = (ducks + cell, holds + long);
                    print!("{cell:>6} ({long:>2})  ");
                }
                println!();
            }
            println!("  {ducks} ducks, {holds} holds in 18 min");
        }
    }
}

/// Replies over the bot's voice.
pub(super) fn double_talk(fresh: bool, models: &Models) {
    let grid = if fresh { &FRESH } else { &USUAL };
    println!("\nReplies over the bot's voice and its electric echo, as loud as the bot: ducks noticed after (ms)");
    for loss in grid.losses_db {
        let mut noticed = Noticed::default();
        for (number, response) in grid.responses_ms.into_iter().enumerate() {
            let bot = voices::talk(number + grid.who + 3, 24.0);
            let (voice, truth) = replies(bot.len(), number + grid.who, 0.0);
            let place = place(grid, loss, response, number + 50);
            let (starts, _) = hear(&mut Ear::new(plan(EchoControl::On), models), place, &bot, &voice);
            noticed.add(&starts, &truth);
        }
        println!("{loss:>5} dB: {noticed}");
    }
}
