//! `View`: what of a call somebody sees. Everything that leaves by the API goes through it: lists, calls, events.
use crate::call::approvals::Approval;
use crate::insight::wall::Row;
use crate::security::{Principal, Right};
use crate::store::{
    Alert, Call, CallEvent, LiveChange, Mood, Private, SeatMark, Slot, Started, TimelineEvent, Turn, WITHHELD,
};
use dialog::guard::{Guard, Personal};
use dialog::language::Language;
use serde_json::{Value, json};

/// Of a number with at least so many digits the last two are shown.
const LONG: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    numbers: bool,
    words: bool,
}

impl View {
    /// What `principal` sees of calls of `bot`.
    pub(super) fn of(principal: &Principal, bot: &str) -> Self {
        let may = |right| principal.may(right, Some(bot));
        Self { numbers: may(Right::SeeNumbers), words: may(Right::SeeTranscripts) }
    }

    /// Whether what was said is seen.
    pub(super) fn has_words(self) -> bool {
        self.words
    }

    pub(super) fn is_whole(self) -> bool {
        self.numbers && self.words
    }

    /// A caller's address.
    pub(super) fn party(self, party: Private<String>) -> Private<String> {
        if self.numbers { party } else { masked(&party) }
    }

    pub(super) fn call(self, mut call: Call) -> Call {
        if !self.numbers {
            for party in [&mut call.from, &mut call.to] {
                *party = masked(party);
            }
            call.via = account(&call.via);
            call.headers.values_mut().for_each(|value| *value = Private::<String>::withheld());
        }
        if !self.numbers {
            let blot = blotter();
            call.turns.iter_mut().for_each(|turn| blot_turn(&blot, turn));
            call.slots.values_mut().for_each(|value| blot_json(&blot, &mut value.0));
        }
        if !self.words {
            call.turns.iter_mut().for_each(withhold);
            call.slots.values_mut().for_each(|value| *value = Private::<Value>::withheld());
            call.seats.iter_mut().for_each(|seat| seat.name = WITHHELD.into());
        }
        call
    }

    pub(super) fn row(self, mut row: Row) -> Row {
        if !self.numbers {
            let Started { via, from, to, headers, .. } = &mut row.about;
            (*via, *from, *to) = (account(via), masked(from), masked(to));
            headers.clear();
            let blot = blotter();
            for words in [&mut row.caller_words, &mut row.bot_words].into_iter().flatten() {
                words.0 = blot.blot(&words.0);
            }
            row.slots.values_mut().for_each(|slot| blot_json(&blot, &mut slot.value.0));
        }
        if !self.words {
            for words in [&mut row.caller_words, &mut row.bot_words].into_iter().flatten() {
                *words = Private::<String>::withheld();
            }
            row.slots.values_mut().for_each(|slot| slot.value = Private::<Value>::withheld());
            row.seats.values_mut().for_each(|seat| seat.name = WITHHELD.into());
            row.mood = row.mood.map(Mood::without_words);
        }
        row
    }

    pub(super) fn approval(self, mut approval: Approval) -> Approval {
        if !self.words {
            approval.values.iter_mut().for_each(|value| value.text = WITHHELD.into());
            approval.action = WITHHELD.into();
        }
        approval
    }

    /// What changes from moment to moment: how the call stands is told to everybody, what is said to who may see words.
    pub(super) fn change(self, change: LiveChange) -> Option<LiveChange> {
        let told = self.words
            || matches!(
                change,
                LiveChange::Floor { .. }
                    | LiveChange::Levels { .. }
                    | LiveChange::Asked { .. }
                    | LiveChange::Next { .. }
            );
        told.then(|| if self.numbers { change } else { blotted(change) })
    }

    /// An alert: a word that was said, and who has seen it, are for who may see words.
    pub(super) fn alert(self, mut alert: Alert) -> Alert {
        if !self.words {
            alert.reason.word.iter_mut().for_each(|word| *word = WITHHELD.into());
            alert.seen.iter_mut().for_each(|seen| seen.by = WITHHELD.into());
        }
        alert
    }

    pub(super) fn event(self, mut event: TimelineEvent) -> TimelineEvent {
        match &mut event.event {
            CallEvent::Started(Started { via, from, to, headers, .. }) if !self.numbers => {
                (*via, *from, *to) = (account(via), masked(from), masked(to));
                headers.values_mut().for_each(|value| *value = Private::<String>::withheld());
            }
            CallEvent::Turn(turn) if !self.words => withhold(turn),
            CallEvent::Turn(turn) if !self.numbers => blot_turn(&blotter(), turn),
            CallEvent::Slot(Slot { value: Some(value), .. }) if self.words && !self.numbers => {
                blot_json(&blotter(), &mut value.0);
            }
            CallEvent::Slot(Slot { value: Some(value), .. }) if !self.words => *value = Private::<Value>::withheld(),
            // What a mark holds may be words, keys or an address: its time alone is neither.
            CallEvent::Mark(mark) if !self.is_whole() => {
                let ms = mark.data.0.get("ms").filter(|ms| ms.is_number()).cloned();
                // Who takes part is seen as somebody.
                let mut left = mark.seat().map_or_else(|| json!({}), without_name);
                ms.into_iter().for_each(|ms| left["ms"] = ms);
                mark.data = Private(left);
            }
            _ => {}
        }
        event
    }
}

/// What a mark about a seat holds for who may not see names.
fn without_name(mark: SeatMark) -> Value {
    match mark {
        SeatMark::Taken { seat, mode, .. } => json!({ "seat": seat, "name": WITHHELD, "mode": mode }),
        SeatMark::Left { seat } => json!({ "seat": seat }),
    }
}

/// Finds every kind of personal data, for who may not see numbers.
fn blotter() -> Guard {
    // Numbers and addresses are found in the words of either language.
    Guard::new(Personal::ALL, Language::En)
}

fn blot_turn(guard: &Guard, turn: &mut Turn) {
    for text in [&mut turn.text, &mut turn.heard] {
        text.0 = guard.blot(&text.0);
    }
}

fn blot_json(guard: &Guard, value: &mut Value) {
    match value {
        Value::String(text) => *text = guard.blot(text),
        Value::Array(all) => all.iter_mut().for_each(|value| blot_json(guard, value)),
        Value::Object(all) => all.values_mut().for_each(|value| blot_json(guard, value)),
        _ => {}
    }
}

fn blotted(mut change: LiveChange) -> LiveChange {
    match &mut change {
        LiveChange::Clause { text, .. } | LiveChange::Taken { text, .. } => text.0 = blotter().blot(&text.0),
        LiveChange::Partial { text, .. } => text.0 = blotter().blot_partial(&text.0, None),
        _ => {}
    }
    change
}

fn withhold(turn: &mut Turn) {
    for text in [&mut turn.text, &mut turn.heard].into_iter().filter(|text| !text.0.is_empty()) {
        *text = Private::<String>::withheld();
    }
}

/// A phone's account is somebody's; a trunk's is not.
fn account(via: &str) -> String {
    if via.starts_with("phone ") { format!("phone {WITHHELD}") } else { via.to_owned() }
}

/// The last two digits of a long number, so that two callers on the wall are told apart; of anything else, nothing.
fn masked(party: &Private<String>) -> Private<String> {
    let uri = party.0.rsplit_once('<').map_or(party.0.as_str(), |(_, uri)| uri);
    // A SIP URI without a user is an address of a machine.
    let user = match uri.split_once('@') {
        None if uri.starts_with("sip") => "",
        None => uri.split([';', '>']).next().unwrap_or_default(),
        Some((user, _)) => user,
    };
    let user = user.rsplit_once(':').map_or(user, |(_, user)| user);
    let digits = user.chars().filter(char::is_ascii_digit).count();
    let number = user.chars().all(|c| c.is_ascii_digit() || "+-.()*#".contains(c)) && digits >= LONG;
    let last: String = if number { user.chars().skip(user.chars().count() - 2).collect() } else { String::new() };
    Private(format!("{WITHHELD}{last}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Mark;

    #[test]
    fn who_may_not_see_names_is_told_that_somebody_is_there() {
        let shown = |name: &str, data: Value| {
            let mark = Mark { name: name.into(), data: Private(data) };
            let (at, event) = (jiff::Timestamp::UNIX_EPOCH, CallEvent::Mark(mark));
            let view = View { numbers: true, words: false };
            match view.event(TimelineEvent { call: "a".into(), at, at_ms: 5, event }).event {
                CallEvent::Mark(mark) => mark.data.0,
                event => panic!("{event:?}"),
            }
        };
        let joined = shown("person_joined", json!({"ms": 5, "seat": 1, "name": "lan", "destination": "desk"}));
        assert_eq!(joined, json!({"ms": 5, "seat": 1, "name": WITHHELD, "mode": "agent"}));
        let left = shown("seat_left", json!({"ms": 9, "seat": 4, "name": "anna", "why": "asked"}));
        assert_eq!(left, json!({"ms": 9, "seat": 4}));
        assert_eq!(shown("spoke", json!({"ms": 9, "seat": 4, "name": "anna"})), json!({"ms": 9}));
    }

    #[test]
    fn who_sees_words_and_no_numbers_sees_none_in_words() {
        let view = View { numbers: false, words: true };
        let text = |text: &str| LiveChange::Clause { say: 1, turn: 0, text: text.into() };
        let seen = view.change(text("so that is 0412 345 678")).unwrap();
        assert!(seen == text("so that is •••• ••• •••"));
        assert!(View { numbers: true, words: true }.change(text("0412 345 678")).unwrap() == text("0412 345 678"));
        assert!(View { numbers: true, words: false }.change(text("hello")).is_none());
        let mut value = serde_json::json!({"to": ["ada@example.com", 4]});
        blot_json(&blotter(), &mut value);
        assert_eq!(value, serde_json::json!({"to": ["•••@•••••••.•••", 4]}));
    }

    #[test]
    fn a_long_number_keeps_two_digits_and_names_and_short_numbers_nothing() {
        for (party, shown) in [
            ("sip:+84912345678@198.51.100.7", "•••78"),
            ("tel:0912-345-678", "•••78"),
            ("\"Ada Lovelace\" <sip:0912345678@pbx.example;user=phone>", "•••78"),
            ("sip:12345@pbx.example", "•••"),
            ("sip:ada.lovelace@pbx.example", "•••"),
            ("sip:192.0.2.17", "•••"),
            ("0912345678", "•••78"),
            ("https://shop.example", "•••"),
            ("", "•••"),
        ] {
            assert_eq!(masked(&party.into()).0, shown, "{party}");
        }
    }
}
