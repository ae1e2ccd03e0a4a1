//! English sentences: what stands beside a value and may matter, and what names a value by more than itself.
use crate::testkit::tests::understood::{Row, check_rows};

const WORDS_BESIDE_A_VALUE: &[Row] = &[
    ("city", "near boston", "boston?"),
    ("city", "outside of boston", "boston?"),
    ("city", "just north of new york", "new york?"),
    ("city", "close to san francisco", "san francisco?"),
    ("city", "a suburb of boston", "boston?"),
    ("city", "boston area", "boston?"),
    ("city", "anything west of chicago", "chicago?"),
    ("city", "boston for the hendersons", "boston?"),
    ("city", "I live in boston", "boston?"),
    ("city", "boston, no wait", "boston?"),
    ("city", "I'd like a room in boston for my birthday party please", "boston"),
    ("city", "um so I think boston would be great thank you", "boston"),
    ("city", "well let's say boston then", "boston"),
    ("city", "my wife and I would like to go to boston", "boston"),
    ("city", "I live in Boston but need it in Chicago", "chicago"),
    ("city", "my office is in chicago but I need the room in boston", "boston"),
    ("city", "boston is fine but not new york", "boston"),
    ("time", "the same time as yesterday, four", "16:00?"),
    ("date", "tomorrow with my boss for a meeting", "2026-11-26"),
    ("date", "if Tuesday is not free then Wednesday", "asks"),
    ("date", "if you can't do tuesday then wednesday", "asks"),
    ("date", "if monday doesn't work tuesday", "asks"),
    ("date", "Tuesday unless it's full", "asks"),
    ("date", "wednesday unless you're closed", "asks"),
    ("date", "Tuesday, otherwise Wednesday", "asks"),
    ("date", "provided it's free, friday", "2026-11-27?"),
    ("city", "boston or else chicago", "asks"),
    ("city", "boston, failing that chicago", "asks"),
    ("time", "three, or four if three is taken", "asks"),
    ("money", "twenty dollars a head", "20?"),
    ("money", "twenty five dollars per person", "25?"),
    ("money", "fifty bucks each", "50?"),
    ("money", "a hundred dollars a night", "100?"),
    ("money", "a hundred and ten dollars", "110"),
    ("amount", "twenty a day", "20?"),
    ("agreed", "no no, that's right", "asks"),
    ("agreed", "yes, no wait", "asks"),
    ("agreed", "yes if it's free", "asks"),
    ("agreed", "yes absolutely", "true"),
    ("code", "it's four five, sorry, four seven one", "asks"),
    ("code", "four oh seven, no, four oh seven one", "4071?"),
    ("phone", "zero nine one two, no, four five seven", "asks"),
    ("city", "boston / no no, that's right", "boston"),
    ("city date", "boston / not boston / chicago", "chicago -"),
    ("city date", "boston / no, chicago", "chicago -"),
];

const FURTHER_SENTENCES: &[Row] = &[
    ("people", "me and the kids", "asks"),
    ("people", "four people a table", "4?"),
    ("people", "three and me", "3?"),
    ("city", "no boston", "boston?"),
    ("city", "somewhere around boston", "boston?"),
    ("city", "boston, hmm, actually never mind", "boston?"),
    ("time", "three p m my time", "15:00?"),
    ("date", "next monday but one", "2026-11-30?"),
    ("code", "starts with four oh seven one", "4071?"),
    ("amount", "fifty fifty", "asks"),
    ("agreed", "no I do", "asks"),
    ("times", "from two to four / no, until five", "14:00/17:00"),
];

const PEOPLE_BY_NAME: &[Row] = &[
    ("people", "just me", "1"),
    ("people", "it's only me", "1"),
    ("people", "me and my wife", "2"),
    ("people", "me, my husband and our three kids", "5"),
    ("people", "my wife and two kids", "4?"),
    ("people", "myself and four colleagues", "5"),
    ("people", "me and two friends", "3"),
    ("people", "two friends and me", "3"),
    ("people", "me and my wife and a baby", "3?"),
    ("people", "both of us", "2"),
    ("people", "there'll be four of us", "4"),
    ("people", "all five of us", "5"),
    ("people", "eight guests", "8"),
    ("people", "six adults and an infant", "asks"),
    ("people", "not five, four", "4"),
    ("people", "not four, five", "5"),
    ("people", "not eight people, nine people", "9"),
    ("people", "five at the most", "asks"),
    ("city people", "boston for me and my wife", "boston 2"),
];

const CLOCKS: &[Row] = &[
    ("time", "five minutes to midnight", "23:55"),
    ("time", "a quarter to midnight", "23:45"),
    ("time", "twenty minutes to midnight", "23:40"),
    ("time", "ten past noon", "12:10"),
    ("time", "ten after midnight", "00:10"),
    ("time", "half past noon", "12:30"),
    ("time", "a quarter past midnight", "00:15"),
    ("time", "half eight in the morning", "08:30"),
    ("time", "half past eight in the morning", "08:30"),
    ("time", "half nine in the evening", "21:30"),
    ("time", "just before five p m", "asks"),
    ("time", "a bit after three", "asks"),
    ("date time", "friday evening around seven", "2026-11-27 19:00"),
    ("date", "the weekend", "asks"),
    ("date", "next weekend", "asks"),
    ("date", "saturday this weekend", "2026-11-28"),
    ("date", "saturday next weekend", "2026-12-05"),
    ("date", "next week friday", "2026-12-04"),
    ("date", "next week on friday", "2026-12-04"),
];

const SPANS_AND_THEIR_ENDS: &[Row] = &[
    ("times", "after six p m", "18:00/.."),
    ("times", "any time before four p m", "../16:00"),
    ("times", "from two for an hour and a half", "14:00/15:30"),
    ("times", "from nine a m for three hours", "09:00/12:00"),
    ("times", "two hours starting at three", "15:00/17:00"),
    ("times", "from two to four, no, until five", "14:00/17:00"),
    ("times people", "from two to four / no, until five", "14:00/17:00 -"),
    ("times people", "from two to four / actually from three", "15:00/16:00 -"),
    ("times people", "from two to four / no, after six", "18:00/.. -?"),
    ("dates people", "from monday to wednesday / make that until friday", "2026-11-30/2026-12-04 -"),
    ("dates", "from monday for three days", "2026-11-30/2026-12-02"),
    ("dates", "from monday for a week", "2026-11-30/2026-12-06?"),
    ("dates", "any day next week except Monday", "asks"),
    ("dates", "all of next week except friday", "asks"),
    ("time duration", "from two p m to four p m", "14:00 PT2H"),
    ("time duration", "from three to four thirty", "15:00 PT1H30M"),
    ("time duration", "between two and four", "asks"),
    ("time duration", "change it from three to four", "16:00 -"),
    ("date time duration", "on monday from nine a m to noon", "2026-11-30 09:00 PT3H"),
    ("date time duration", "tomorrow evening from eight to ten", "2026-11-26 20:00 PT2H"),
    ("time duration", "twenty to five", "16:40 -"),
];

#[test]
fn words_beside_a_value() {
    check_rows(WORDS_BESIDE_A_VALUE, "en");
}

#[test]
fn people_by_name() {
    check_rows(PEOPLE_BY_NAME, "en");
}

#[test]
fn clocks() {
    check_rows(CLOCKS, "en");
}

#[test]
fn spans_and_their_ends() {
    check_rows(SPANS_AND_THEIR_ENDS, "en");
}

#[test]
fn further_sentences() {
    check_rows(FURTHER_SENTENCES, "en");
}
