//! The invariants that the source tree itself must keep (see ARCHITECTURE.md). Each rule is shown here to be able to fail.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;
use toml::{Table, Value};

mod graph;
mod rules;
mod source;

use graph::Graph;
use source::Source;

const CRATES: [&str; 7] = [".", "media", "dialog", "telephony", "softphone", "knowledge", "rehearse"];

/// The tree that is tested, as cargo names it at run time.
fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every Rust file of ours, by its path from the root, and what these include from elsewhere.
fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(read);
    &SOURCES
}

fn read() -> Vec<Source> {
    let mut files = Vec::new();
    for crate_dir in CRATES {
        for part in ["src", "tests", "benches", "examples"] {
            walk(&root().join(crate_dir).join(part), &mut files);
        }
    }
    walk(&root().join("fuzz/fuzz_targets"), &mut files);
    let mut read: BTreeMap<String, Source> = BTreeMap::new();
    let mut of_tests = BTreeSet::new();
    while let Some(path) = files.pop() {
        let path = plain(path.strip_prefix(root()).unwrap());
        let name = path.to_str().unwrap().to_owned();
        if read.contains_key(&name) {
            continue;
        }
        let Ok(text) = fs::read_to_string(root().join(&path)) else { continue };
        let source = Source::new(&name, &text);
        for (included, tests) in source.included() {
            let included = root().join(plain(&path.parent().unwrap().join(included)));
            if tests {
                of_tests.insert(plain(included.strip_prefix(root()).unwrap()).to_str().unwrap().to_owned());
            }
            files.push(included);
        }
        read.insert(name, source);
    }
    for name in of_tests {
        read.entry(name).and_modify(|source| source.of_tests = true);
    }
    read.into_values().collect()
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// All offences of a rule over the whole tree, as `file:line: text`.
fn offences(rule: impl Fn(&Source) -> Vec<usize>) -> Vec<String> {
    let all = sources();
    assert!(all.len() > 20, "the tree is found");
    all.iter().flat_map(|source| rule(source).into_iter().map(|line| source.quote(line))).collect()
}

fn none(offences: Vec<String>, rule: &str) {
    assert!(offences.is_empty(), "{rule}:\n{}", offences.join("\n"));
}

#[test]
fn no_core_reads_the_clock() {
    none(offences(rules::clock), "cores are told the time; only the drivers in rules::DRIVERS read it");
}

#[test]
fn the_list_of_drivers_names_only_files_that_read_the_clock() {
    let all = sources();
    for driver in rules::DRIVERS {
        // A driver that another part of the work still brings is no offence; one that stopped reading the clock is.
        let Some(source) = all.iter().find(|source| source.name == *driver) else { continue };
        assert!(!rules::reads_clock(source).is_empty(), "{driver} reads no clock: strike it off rules::DRIVERS");
    }
}

#[test]
fn the_list_of_cores_names_only_places_that_are_there() {
    for core in rules::CORES {
        assert!(sources().iter().any(|source| source.name.starts_with(core)), "there is no {core}");
    }
}

#[test]
fn dependencies_point_one_way() {
    let manifest = |dir: &str| -> Table {
        toml::from_str(&fs::read_to_string(root().join(dir).join("Cargo.toml")).unwrap()).unwrap()
    };
    let ours = ["switchboard", "media", "dialog", "telephony", "softphone", "knowledge", "rehearse"];
    for (dir, allowed) in [
        ("dialog", &[][..]),
        ("media", &[]),
        ("telephony", &["media"]),
        ("softphone", &["media", "telephony"]),
        ("knowledge", &["dialog"]),
        ("rehearse", &["dialog", "knowledge"]),
        (".", &["media", "dialog", "telephony", "softphone", "knowledge", "rehearse"]),
    ] {
        let found = rules::own_dependencies(&manifest(dir), &ours);
        let wrong: Vec<_> = found.iter().filter(|(name, _)| !allowed.contains(&name.as_str())).collect();
        assert!(wrong.is_empty(), "{dir} depends on {wrong:?}");
    }
}

#[test]
fn modules_import_each_other_in_no_circle() {
    let graph = Graph::new(sources(), &CRATES);
    assert!(graph.len() > 100, "the modules are found");
    none(graph.circles().iter().map(ToString::to_string).collect(), "modules import each other in a circle");
}

#[test]
fn no_arrow_points_back() {
    let graph = Graph::new(sources(), &CRATES);
    for (from, to) in graph::NO_ARROWS {
        none(graph.arrows(from, to), &format!("`{from}` may not use `{to}`"));
    }
}

#[test]
fn no_crate_is_a_drawer() {
    let manifest: Table = toml::from_str(&fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    let members = manifest["workspace"]["members"].as_array().unwrap();
    assert_eq!(members.len(), CRATES.len(), "a new crate needs its place in the design, and here");
    for drawer in ["common", "util", "utils", "core", "types"] {
        assert!(!members.iter().any(|member| member.as_str() == Some(drawer)), "{drawer}");
    }
}

#[test]
fn every_channel_is_bounded() {
    none(offences(rules::unbounded), "a channel without a bound: give it one, and say what a full one means");
}

#[test]
fn only_config_wire_and_store_types_are_serialisable() {
    none(
        offences(rules::serialisable),
        "serde derives belong in src/config, src/api/wire.rs, src/store and the bot's file",
    );
}

#[test]
fn every_file_opens_by_saying_what_it_is_for() {
    none(offences(rules::opening), "the first line is `//!` and a sentence");
}

#[test]
fn no_file_is_longer_than_600_lines() {
    none(offences(rules::length), "past 600 lines a file has lost its shape");
}

#[test]
fn nothing_is_left_undone() {
    none(offences(rules::undone), "no todo!, unimplemented! or dbg!");
}

#[test]
fn names_are_nouns_of_the_trade() {
    none(offences(rules::names), "no Manager, Handler, Helper, Util, Service or Impl types or modules");
}

#[test]
fn no_machine_is_named() {
    none(offences(rules::machine), "paths of one machine do not belong in the tree");
    let mut texts = vec![root().join("Makefile"), root().join(".ci/run"), root().join("configs/server.toml")];
    for dir in ["docs", "docs/adr", "configs/bots", "configs/rehearsals", "."] {
        let entries = fs::read_dir(root().join(dir)).into_iter().flatten().map(|entry| entry.unwrap().path());
        texts.extend(entries.filter(|path| path.extension().is_some_and(|end| end == "md" || end == "toml")));
    }
    for path in texts.iter().filter(|path| path.is_file()) {
        let source = Source::new(&path.display().to_string(), &fs::read_to_string(path).unwrap());
        none(rules::machine(&source).into_iter().map(|line| source.quote(line)).collect(), "paths of one machine");
    }
}

#[test]
fn logs_are_given_neither_words_nor_people() {
    none(offences(rules::logged), "a log line names a caller or words");
}

#[test]
fn the_locked_dependencies_hold_no_second_crypto() {
    let lock: Table = toml::from_str(&fs::read_to_string(root().join("Cargo.lock")).unwrap()).unwrap();
    let packages = lock["package"].as_array().unwrap();
    let has = |name: &str| packages.iter().any(|package| package.get("name").and_then(Value::as_str) == Some(name));
    assert!(has("ring"));
    for unwanted in ["aws-lc-rs", "aws-lc-sys", "openssl-sys", "native-tls", "rsa"] {
        assert!(!has(unwanted), "{unwanted}: take ring's feature instead (deny.toml says why)");
    }
}
