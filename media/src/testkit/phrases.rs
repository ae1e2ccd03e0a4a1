//! What callers say, for the tests of every recogniser.

/// What has nothing to do with a room.
pub const OUTSIDE: [&str; 24] = [
    "what is the weather like in paris",
    "I want to order a pizza with mushrooms",
    "please play some music",
    "my dog has eaten the newspaper",
    "turn off the kitchen lights",
    "the quick brown fox jumps over the lazy dog",
    "call my mother on her mobile",
    "where is the nearest gas station",
    "I lost my credit card yesterday",
    "can you tell me a joke",
    "open the garage door",
    "the meeting was very boring",
    "do you speak german",
    "banana",
    "elephant",
    "excuse me",
    "who are you",
    "are you a robot",
    "this is ridiculous",
    "my computer is broken",
    "thank you very much",
    "interesting",
    "fish and chips",
    "hello",
];

/// What a booking bot's grammar holds, for synthesised voices; and of it what people say, by the beginning of their recordings'
/// names.
pub const BOOKING: [&str; 8] = [
    "book a room",
    "mountain view",
    "for tomorrow at seven o'clock",
    "half an hour",
    "two people",
    "on thursday the twenty first",
    "speak to a person",
    "start over",
];
pub const PEOPLE: [(&str, &str); 6] = [
    ("df_book_a_room", "book a room"),
    ("df_mountain_view", "mountain view"),
    ("df_today", "today"),
    ("df_230pm", "two thirty p m"),
    ("df_half_an_hour", "half an hour"),
    ("df_two_people", "two people"),
];

/// What people say in Vietnamese, by the beginning of their recordings' names; and a grammar of all of it, for which a lexicon has
/// to say how `karaoke` and `atm` are pronounced.
pub const VIETNAMESE: [(&str, &str); 8] = [
    ("CAFPHEE", "cà phê"),
    ("KHASCHSAJN", "khách sạn"),
    ("KARAOKE", "karaoke"),
    ("MASTXA", "mát xa"),
    ("TRAJMAYTEEM", "trạm atm"),
    ("DDUSNG0", "đúng"),
    ("KHOONG0", "không"),
    ("TROWRLAJI", "trở lại"),
];
pub const VIETNAMESE_GRAMMAR: &str =
    "#JSGF V1.0; grammar p; public <p> = cà phê | khách sạn | karaoke | mát xa | trạm atm | đúng | không | trở lại;";
