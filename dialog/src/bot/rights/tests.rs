//! Sayings that claim a right, and others that sound like them.
use super::*;
use crate::value::words::tokens;

fn claims(text: &str, language: Language) -> Option<Right> {
    claimed(&tokens(text, language), language).map(|(right, _)| right)
}

/// Each line of a table is what was said; `expected` of all of them. All that are read wrong are told.
fn check(table: &str, language: Language, expected: Option<Right>) {
    let wrong: Vec<&str> = table
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .filter(|line| claims(line, language) != expected)
        .collect();
    assert!(wrong.is_empty(), "{language:?} {expected:?}: {wrong:#?}");
}

#[test]
fn recording_is_refused_in_english() {
    let table = include_str!("tests/refused.en.txt");
    check(table, Language::En, Some(Right::NotRecorded));
}

#[test]
fn recording_is_refused_in_vietnamese() {
    let table = include_str!("tests/refused.vi.txt");
    check(table, Language::Vi, Some(Right::NotRecorded));
}

#[test]
fn whether_a_machine_speaks_is_asked_in_english() {
    check(include_str!("tests/machine.en.txt"), Language::En, Some(Right::KnowsMachine));
}

#[test]
fn whether_a_machine_speaks_is_asked_in_vietnamese() {
    check(include_str!("tests/machine.vi.txt"), Language::Vi, Some(Right::KnowsMachine));
}

#[test]
fn callers_want_to_be_forgotten_in_both_languages() {
    check(include_str!("tests/forget.en.txt"), Language::En, Some(Right::Forgotten));
    check(include_str!("tests/forget.vi.txt"), Language::Vi, Some(Right::Forgotten));
    check(include_str!("tests/not_forget.txt"), Language::En, None);
    check(include_str!("tests/not_forget.vi.txt"), Language::Vi, None);
    for language in [Language::En, Language::Vi] {
        for phrase in forget::listed(language) {
            assert_eq!(claims(phrase, language), Some(Right::Forgotten), "{phrase}");
        }
    }
}

#[test]
fn what_only_sounds_like_it_claims_no_right() {
    check(include_str!("tests/neither.en.txt"), Language::En, None);
    check(include_str!("tests/neither.vi.txt"), Language::Vi, None);
}

#[test]
fn what_grammars_offer_is_understood() {
    for language in [Language::En, Language::Vi] {
        for phrase in listed(language) {
            assert!(claims(phrase, language).is_some(), "{phrase}");
        }
    }
}
