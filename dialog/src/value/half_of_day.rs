//! `HalfOfDay`: which of its two times an hour means that was said without its half of the day ("at eight").
use super::calendar::time_of_day;
use super::found::{Doubt, Found};
use super::kind::Value;
use super::words::{begin_with, word};
use crate::language::Language;
use jiff::civil::Time;

/// A part of the day, as people name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayPart {
    Morning,
    Midday,
    Afternoon,
    Evening,
    Night,
}

/// Words that name a part of the day.
const EN: [(&str, DayPart); 6] = [
    ("morning", DayPart::Morning),
    ("lunchtime", DayPart::Midday),
    ("afternoon", DayPart::Afternoon),
    ("evening", DayPart::Evening),
    ("tonight", DayPart::Evening),
    ("night", DayPart::Night),
];
const VI: [(&str, DayPart); 7] = [
    ("sáng", DayPart::Morning),
    ("trưa", DayPart::Midday),
    ("chiều", DayPart::Afternoon),
    ("tối", DayPart::Evening),
    ("đêm", DayPart::Night),
    ("khuya", DayPart::Night),
    ("xế", DayPart::Afternoon),
];
/// Phrases that hold such a word and name no part of the day, or one that is not meant.
const NO_PART: [&str; 14] = [
    "good morning",
    "good afternoon",
    "good evening",
    "good night",
    "not evening",
    "not morning",
    "tối đa",
    "tối thiểu",
    "buổi sáng không",
    "chào buổi sáng",
    "chào buổi chiều",
    "chào buổi tối",
    "không phải sáng",
    "sáng sủa",
];

impl DayPart {
    /// The part of the day that is named last in these words.
    pub fn named(words: &[String], language: Language) -> Option<DayPart> {
        DayPart::last(words, language, false)
    }

    /// The part of the day that these words refuse: "not in the morning".
    pub fn refused(words: &[String], language: Language) -> Option<DayPart> {
        DayPart::last(words, language, true)
    }

    fn last(words: &[String], language: Language, refused: bool) -> Option<DayPart> {
        let list: &[(&str, DayPart)] = if language == Language::En { &EN } else { &VI };
        let (mut at, mut last) = (0, None);
        while at < words.len() {
            if let Some(phrase) = NO_PART.iter().find(|phrase| begin_with(&words[at..], phrase)) {
                at += phrase.split(' ').count();
                continue;
            }
            let named = list.iter().find(|(name, _)| *name == word(words, at)).map(|(_, part)| *part);
            last = named.filter(|_| is_refused(words, at) == refused).or(last);
            at += 1;
        }
        last
    }

    /// The part of the day that answers "in the morning or in the evening?", "p m" among its words.
    pub fn answered(words: &[String], language: Language) -> Option<DayPart> {
        let half = |word: &String| match (language, word.as_str()) {
            (Language::En, "am") => Some(DayPart::Morning),
            (Language::En, "pm") => Some(DayPart::Afternoon),
            _ => None,
        };
        DayPart::named(words, language).or_else(|| words.iter().find_map(half))
    }

    /// The hour of 24 that an hour of the clock's face (1–12) is in this part of the day.
    pub fn hour(self, hour: i64) -> i64 {
        match (self, hour % 12) {
            // Noon ends a morning, and begins an afternoon.
            (DayPart::Morning | DayPart::Midday | DayPart::Afternoon, 0) => 12,
            (DayPart::Evening | DayPart::Night, 0) => 0,
            (DayPart::Morning, hour) => hour,
            (DayPart::Midday, hour @ 9..) => hour,
            (DayPart::Night, hour @ 1..=5) => hour,
            (_, hour) => hour + 12,
        }
    }
}

/// Whether the part of the day at this place is one that does not suit: "not in the evening", "tối em bận".
fn is_refused(words: &[String], at: usize) -> bool {
    const BEFORE: [&str; 8] = ["not", "don't", "can't", "except", "never", "trừ", "đừng", "ngoài"];
    const BEHIND: [&str; 7] = ["bận", "kẹt", "không được", "doesn't work", "is bad", "i'm busy", "i can't"];
    let before = words[at.saturating_sub(3)..at].iter().rev();
    // "Không" alone is a no to what was asked: "không, tối".
    let is_not = (at.saturating_sub(3)..at).any(|i| begin_with(&words[i..at], "không phải"));
    let is_behind = |phrase: &&str| (1..=2).any(|n| begin_with(words.get(at + n..).unwrap_or_default(), phrase));
    before.take_while(|word| !matches!(word.as_str(), "but" | "mà")).any(|word| BEFORE.contains(&word.as_str()))
        || is_not
        || BEHIND.iter().any(is_behind)
}

/// When a bot's place is open, on any day; a closing time before the opening one is on the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpeningHours {
    pub from: Time,
    pub to: Time,
}

impl OpeningHours {
    /// "9:00-17:30".
    pub fn parse(text: &str) -> Option<OpeningHours> {
        let time = |text: &str| {
            let (hour, minute) = text.trim().split_once(':')?;
            time_of_day(hour.parse().ok()?, minute.parse().ok()?)
        };
        let (from, to) = text.split_once(['-', '–'])?;
        let (from, to) = (time(from)?, time(to)?);
        (from != to).then_some(OpeningHours { from, to })
    }

    fn holds(self, time: Time) -> bool {
        match self.from < self.to {
            true => (self.from..=self.to).contains(&time),
            false => time >= self.from || time <= self.to,
        }
    }
}

/// What is known of the time of day that is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HalfOfDay {
    /// The part of the day that the caller has named.
    pub part: Option<DayPart>,
    pub opening: Option<OpeningHours>,
}

impl HalfOfDay {
    /// A time whose half of the day was not said becomes the one that is meant; one that remains open keeps its doubt.
    pub fn settle(self, found: Found) -> Found {
        match (&found.value, found.doubt) {
            (Value::Time(time), Some(Doubt::HalfOfDay)) => {
                let (time, doubt) = self.meant(*time);
                Found { value: Value::Time(time), doubt, ..found }
            }
            // "Half seven": which half hour is asked about, and in which half of the day the place is open is known.
            (Value::Time(time), Some(Doubt::TwoReadings)) if self.part.is_none() => {
                let other = time_of_day((i64::from(time.hour()) + 12) % 24, time.minute().into());
                let opens = |time: Time| self.opening.is_some_and(|opening| opening.holds(time));
                match other.filter(|other| opens(*other) && !opens(*time)) {
                    Some(other) => Found { value: Value::Time(other), ..found },
                    None => found,
                }
            }
            _ => found,
        }
    }

    /// A time that was said with its part of the day, where another part is named besides: that one counts where it corrects the first,
    /// and else the caller is asked.
    pub fn corrected(self, found: Found, corrects: bool) -> Found {
        let (Value::Time(time), None, Some(part)) = (&found.value, found.doubt, self.part) else { return found };
        let meant = time_of_day(part.hour(i64::from(time.hour()) % 12), time.minute().into()).unwrap_or(*time);
        match (meant == *time, corrects) {
            (true, _) => found,
            (false, true) => Found { value: Value::Time(meant), ..found },
            (false, false) => found.doubtful(Doubt::TwoReadings),
        }
    }

    /// The time that is meant by one of either half of the day.
    fn meant(self, time: Time) -> (Time, Option<Doubt>) {
        let hour = i64::from(time.hour());
        let at = |hour: i64| time_of_day(hour, time.minute().into()).unwrap_or(time);
        if let Some(part) = self.part {
            return (at(part.hour(hour)), None);
        }
        let (early, late) = (at(hour % 12), at(hour % 12 + 12));
        // Without opening hours: from seven in the morning to before eleven at night.
        let usual = OpeningHours { from: Time::constant(7, 0, 0, 0), to: Time::constant(22, 59, 0, 0) };
        let opening = self.opening.unwrap_or(usual);
        match (opening.holds(early), opening.holds(late)) {
            (true, false) => (early, None),
            (false, true) => (late, None),
            _ => (time, Some(Doubt::HalfOfDay)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::words::tokens;

    #[test]
    fn the_part_of_the_day_that_is_named_last_counts() {
        for (text, language, part) in [
            ("tomorrow evening", Language::En, Some(DayPart::Evening)),
            ("not in the morning, in the afternoon", Language::En, Some(DayPart::Afternoon)),
            ("good evening, tomorrow please", Language::En, None),
            ("tối mai", Language::Vi, Some(DayPart::Evening)),
            ("tối đa hai người", Language::Vi, None),
            ("chào buổi sáng", Language::Vi, None),
            ("trưa thứ hai", Language::Vi, Some(DayPart::Midday)),
        ] {
            assert_eq!(DayPart::named(&tokens(text, language), language), part, "{text}");
        }
    }

    #[test]
    fn an_hour_means_the_half_in_which_the_place_is_open() {
        let meant = |opening: &str, part, hour| {
            let time = time_of_day(hour, 0).map(|time| Found::new(Value::Time(time), 1).doubtful(Doubt::HalfOfDay));
            let opening = OpeningHours::parse(opening);
            let found = time.map(|found| HalfOfDay { part, opening }.settle(found));
            found.map(|found| (found.value.json().to_string(), found.doubt.is_some()))
        };
        for (opening, part, hour, value, open) in [
            ("", None, 8, "08:00", true),
            ("", None, 14, "14:00", false),
            ("", None, 12, "12:00", false),
            ("", None, 11, "11:00", false),
            ("9:00-17:00", None, 9, "09:00", false),
            ("9:00-17:00", None, 8, "08:00", true),
            ("11:30-23:00", None, 8, "20:00", false),
            ("6:00-22:00", None, 18, "18:00", true),
            ("18:00-02:00", None, 13, "01:00", false),
            ("9:00-17:00", Some(DayPart::Evening), 8, "20:00", false),
            ("", Some(DayPart::Night), 13, "01:00", false),
            ("", Some(DayPart::Morning), 9, "09:00", false),
        ] {
            assert_eq!(meant(opening, part, hour), Some((format!("\"{value}\""), open)), "{opening} {part:?} {hour}");
        }
    }

    #[test]
    fn opening_hours_are_two_times() {
        assert!(OpeningHours::parse("9:00-17:30").is_some());
        for text in ["", "9-17", "9:00", "25:00-26:00", "9:00-9:00"] {
            assert_eq!(OpeningHours::parse(text), None, "{text}");
        }
    }
}
