//! English sentences: what is clear however it is said, and what has to be asked about although a value stands in it.
use crate::testkit::tests::understood::{Row, check_rows};

const CLEAR: &[Row] = &[
    ("city", "chicago's fine", "chicago"),
    ("time", "do you have anything at two fifteen p m", "14:15"),
    ("date", "is there anything on friday", "2026-11-27"),
    ("date", "I was going to say Monday but Tuesday's better", "2026-12-01"),
    ("people time", "table for two seven thirty pm", "2 19:30"),
    ("time", "hmm, would ten thirty in the morning be possible", "10:30"),
    ("city", "boston's no good, chicago", "chicago"),
    ("city", "boston is too expensive, chicago", "chicago"),
    ("city", "boston, please, thank you so much", "boston"),
    ("city", "could you put me down for chicago?", "chicago"),
    ("date", "friday's good", "2026-11-27"),
    ("date", "monday's full, tuesday", "2026-12-01"),
    ("date", "what about thursday of next week", "2026-12-03"),
    ("date", "three weeks today", "2026-12-16"),
    ("date", "oh gosh, um, the first of december", "2026-12-01"),
    ("date", "not this week, thursday next week", "2026-12-03"),
    ("time", "erm, half past nine in the morning, if that's all right", "09:30"),
    ("time", "six o'clock sharp in the evening", "18:00"),
    ("time", "four pm works best for us", "16:00"),
    ("time", "seven, seven in the evening", "19:00"),
    ("time", "four in the morning, sorry, afternoon", "16:00"),
    ("time", "we're thinking half past twelve", "12:30"),
    ("time", "eleven in the morning, not at night", "11:00"),
    ("time", "eleven fifteen, am not pm", "11:15"),
    ("date", "december the tenth, a thursday", "2026-12-10"),
    ("date", "how's friday", "2026-11-27"),
    ("duration", "oh I don't know, maybe two hours", "PT2H"),
    ("duration", "forty five minutes should be enough", "PT45M"),
    ("people", "six, no, let me count, seven", "7"),
    ("people", "me, my sister and her two kids", "4"),
    ("people", "me and four others", "5"),
    ("phone", "you can reach me at six one seven, five five five, oh one nine nine", "6175550199"),
    ("phone", "my number's four one five five five five two three four five", "4155552345"),
    ("agreed", "that would be lovely, yes", "true"),
    ("agreed", "I'm afraid not", "false"),
    ("size", "large. no hang on. small.", "small"),
    ("time people", "at eight / not in the morning / four", "20:00 4"),
    ("date", "the last friday in december", "2026-12-25"),
    ("date time", "december fourth / three pm / no, the fifth", "2026-12-05 15:00"),
    ("date", "the second tuesday in january", "2027-01-12"),
    ("people", "it was five but now it's seven", "7"),
    ("city date", "new york on tuesday, actually no, boston on wednesday", "boston 2026-12-02"),
    ("time people", "at eight / yes for four", "08:00 4"),
    ("time people", "eight / in the evening, for six", "20:00 6"),
    ("date time people", "two of us on saturday around one", "2026-11-28 13:00 2"),
    ("date time people", "we're six, friday, seven pm", "2026-11-27 19:00 6"),
    ("date time people", "a table for four tomorrow at half past seven in the evening", "2026-11-26 19:30 4"),
];

const ASKED_ABOUT: &[Row] = &[
    ("time", "half four should do", "16:30?"),
    ("time", "at three pm in the morning", "15:00?"),
    ("time people", "for six", "18:00 -?"),
    ("time people", "a table for four", "- 4"),
    ("people", "room four", "asks"),
    ("people", "two tables of four people", "asks"),
    ("people date", "four / friday five", "4 2026-11-27?"),
    ("people date", "four / on friday, actually five", "5 2026-11-27"),
    ("people city", "two / three in boston", "2 boston?"),
    ("times people", "two to four people", "asks"),
    ("date", "december the tenth, a friday", "2026-12-10?"),
    ("size", "the size of a large", "large?"),
    ("people", "four... no, my brother can't come, three", "4?"),
    ("city", "boston, no, not chicago", "boston?"),
    ("city", "boston, oh no, not boston", "boston?"),
    ("city", "I've been to boston", "boston?"),
    ("date", "friday, no, I'm working friday", "2026-11-27?"),
    ("money", "a hundred and change", "100?"),
    ("city", "boston, which is where I don't want to go", "boston?"),
    ("city", "boston, where I don't want to go", "boston?"),
    ("city", "I don't know boston", "asks"),
    ("city", "boston or not", "asks"),
    ("times", "until five p m, except between one and two", "asks"),
    ("dates", "monday to wednesday, but not tuesday", "asks"),
];

#[test]
fn what_is_clear() {
    check_rows(CLEAR, "en");
}

#[test]
fn what_is_asked_about() {
    check_rows(ASKED_ABOUT, "en");
}
