//! Every bot that is shipped is rehearsed, and each of its scenarios notices a bot that is broken.
use super::{passes, root, run};
use crate::run::{Outcome, Plan};
use crate::scenario::Rehearsal;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn toml_files(dir: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(dir)).unwrap_or_else(|why| panic!("{dir}: {why}"));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    files.sort();
    files
}

fn shipped() -> Vec<Rehearsal> {
    let read = |path: &PathBuf| Rehearsal::read(&path.display().to_string()).unwrap_or_else(|fault| panic!("{fault}"));
    toml_files("configs/rehearsals").iter().map(read).collect()
}

#[test]
fn the_shipped_bots_pass_their_rehearsals() {
    let rehearsals = shipped();
    for seed in [0, 1, 20_261_130] {
        passes(&run(&rehearsals, &Plan { seed, ..Plan::default() }));
    }
}

#[test]
fn every_shipped_bot_is_rehearsed() {
    let name = |path: &Path| path.file_name().expect("a name").to_str().expect("a text").to_owned();
    let rehearsed: BTreeSet<String> = shipped().iter().map(|rehearsal| name(&rehearsal.bot_file)).collect();
    for file in ["configs/bots", "configs/examples"].into_iter().flat_map(toml_files) {
        assert!(rehearsed.contains(&name(&file)), "no file of configs/rehearsals names the bot {}", file.display());
    }
}

/// A bot's file with the values of some keys replaced.
fn broken(text: &str, keys: &[&str]) -> String {
    let line = |line: &str| {
        let key = keys.iter().find(|key| line.starts_with(&format!("{key} = \"")));
        key.map_or_else(|| line.to_owned(), |key| format!("{key} = \"Zounds.\""))
    };
    let lines: Vec<String> = text.lines().map(line).collect();
    // Texts within tables: those that are confirmed and said at the end.
    lines.join("\n").replace("{ text = \"", "{ text = \"Zounds ").replace("Is that right?\"", "Zounds\"")
}

#[test]
fn each_scenario_notices_a_bot_that_asks_for_something_else() {
    for file in toml_files("configs/rehearsals") {
        let file = file.display().to_string();
        let text = fs::read_to_string(&file).expect("a file");
        let rehearse = |keys: &[&str]| {
            let read = |path: &Path| fs::read_to_string(path).map(|text| broken(&text, keys));
            Rehearsal::parse(&text, &file, read).unwrap_or_else(|fault| panic!("{fault}"))
        };
        let bots = [rehearse(&["greeting", "prompt"]), rehearse(&["confirm", "say"])];
        let outcomes: Vec<Vec<Outcome<'_>>> =
            bots.iter().map(|bot| run(std::slice::from_ref(bot), &Plan::default())).collect();
        for (place, outcome) in outcomes[0].iter().enumerate() {
            let noticed = outcomes.iter().any(|outcomes| !outcomes[place].has_passed());
            assert!(noticed, "{file}: {:?} passes with a broken bot", outcome.scenario.name);
        }
    }
}
