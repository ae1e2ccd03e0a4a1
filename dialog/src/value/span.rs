//! Spans of times and of dates: "from two to four", "before noon", "monday to wednesday", "next week".
use super::calendar::{days_ahead, halves, week};
use super::found::{Doubt, Found, Growth};
use super::half_of_day::HalfOfDay;
use super::kind::{Kind, Span, SpanOf, Value};
use super::words::{begin_with, word};
use crate::language::Language;
use jiff::civil::{Date, DateTime, Time};

/// The words of a language around the ends of a span.
struct Lists {
    /// Before the first end.
    from: &'static [&'static str],
    /// Between the ends.
    to: &'static [&'static str],
    /// Between them, behind "between" alone.
    and: &'static [&'static str],
    between: &'static [&'static str],
    /// Before an end that is the only one, or the last.
    until: &'static [&'static str],
    since: &'static [&'static str],
    /// Behind an end that is the first.
    onwards: &'static [&'static str],
    /// Behind an end that is the last.
    at_latest: &'static [&'static str],
    /// Words before an end that change nothing.
    lead: &'static [&'static str],
    /// Between a beginning and a length, or before a length.
    lasting: &'static [&'static str],
    /// Between a length and its beginning.
    beginning: &'static [&'static str],
}

const EN: Lists = Lists {
    from: &[
        "from",
        "any time from",
        "anytime from",
        "starting at",
        "starting",
        "check in",
        "check in on",
        "checking in",
        "checking in on",
        "arrive",
        "arrive on",
        "arriving",
        "arriving on",
        "get in",
        "get in on",
        "come in on",
    ],
    to: &[
        "to",
        "until",
        "till",
        "til",
        "through",
        "thru",
        "and until",
        "through to",
        "through until",
        "right through to",
        "up to",
        "up until",
        "and leave",
        "and leave on",
        "leaving",
        "leaving on",
        "check out",
        "check out on",
        "and check out",
        "and check out on",
        "checking out",
        "checking out on",
        "all the way to",
    ],
    and: &["and"],
    between: &["between", "any time between", "anytime between", "in between"],
    until: &[
        "before",
        "any time before",
        "anytime before",
        "until",
        "till",
        "by",
        "no later than",
        "not later than",
        "up to",
        "at the latest",
    ],
    since: &[
        "after",
        "from",
        "since",
        "no earlier than",
        "not before",
        "any time after",
        "anytime after",
        "at the earliest",
    ],
    onwards: &["onwards", "onward", "on", "or later", "or after", "at the earliest"],
    at_latest: &["at the latest", "or earlier", "or before"],
    lead: &["at", "the", "about", "around", "on"],
    lasting: &["for", "for about", "for around", "lasting"],
    beginning: &["from", "starting at", "starting from", "starting", "beginning at", "beginning"],
};
const VI: Lists = Lists {
    from: &["check in", "nhận phòng", "vào ở", "từ", "trong khoảng từ", "khoảng từ", "trong khoảng"],
    to: &[
        "đến",
        "tới",
        "cho đến",
        "cho tới",
        "đến khoảng",
        "đến hết",
        "tới hết",
        "cho đến hết",
        "cho tới hết",
        "qua tới",
        "check out",
        "trả phòng",
        "rồi trả phòng",
        "kéo tới",
    ],
    and: &["và", "đến", "tới"],
    between: &["giữa", "trong khoảng"],
    until: &[
        "trước",
        "đến hết",
        "tới hết",
        "cho đến hết",
        "đến",
        "tới",
        "trễ nhất là",
        "trễ nhất",
        "muộn nhất là",
        "muộn nhất",
        "chậm nhất là",
        "chậm nhất",
        "không quá",
    ],
    since: &["sau", "từ", "sớm nhất là", "sớm nhất", "không sớm hơn", "không trước", "không phải trước"],
    onwards: &["trở đi", "trở về sau", "đổ đi"],
    at_latest: &["trở lại", "trở về trước", "đổ lại", "là cùng"],
    lead: &["lúc", "vào", "khoảng", "tầm", "cỡ", "chừng"],
    lasting: &["trong", "trong vòng", "trong khoảng", "kéo dài", "khoảng"],
    beginning: &["từ", "bắt đầu từ", "bắt đầu lúc", "kể từ"],
};

/// One end of a span.
#[derive(Clone, PartialEq)]
enum End {
    Time { time: Time, is_open: bool },
    Date(Date),
}

impl End {
    /// So many days later, where it is a day.
    fn moved(self, days: i64) -> Option<End> {
        Some(match self {
            End::Date(date) => End::Date(days_ahead(date, days)?),
            time @ End::Time { .. } => time,
        })
    }
}

/// How long a span is, in minutes or in days, and where that ends.
struct Length {
    count: i64,
    end: usize,
    /// It can be counted in one way only.
    is_round: bool,
}

/// What the ends of a span are read with.
struct Reader<'a> {
    of: SpanOf,
    language: Language,
    now: DateTime,
    half: HalfOfDay,
    words: &'a [String],
}

/// A span at the start of some words.
pub fn span(of: SpanOf, words: &[String], language: Language, now: DateTime, half: HalfOfDay) -> Option<Found> {
    let reader = Reader { of, language, now, half, words };
    let two = || reader.two_ends().or_else(|| reader.lasting()).or_else(|| reader.length_first());
    two().or_else(|| reader.one_end()).or_else(|| reader.named())
}

/// How many words at the start name several days and no single one of them: "next week", "the weekend", "giữa tuần".
pub fn several_days(words: &[String], language: Language, now: DateTime) -> Option<usize> {
    let parts: &[&str] = match language {
        Language::En => &[
            "the week",
            "the weekend",
            "weekend",
            "weekends",
            "weekdays",
            "a weekday",
            "a weekend",
            "midweek",
            "the month",
            "next month",
            "this month",
        ],
        Language::Vi => &[
            "giữa tuần",
            "đầu tuần",
            "cuối tuần",
            "trong tuần",
            "ngày thường",
            "cuối tháng",
            "đầu tháng",
            "giữa tháng",
            "tháng sau",
            "tháng này",
            "tháng tới",
        ],
    };
    let reader = Reader { of: SpanOf::Dates, language, now, half: HalfOfDay::default(), words };
    let named = reader.named().map(|found| found.len);
    named.max(reader.phrase(parts, 0))
}

impl Reader<'_> {
    fn lists(&self) -> &'static Lists {
        if self.language == Language::En { &EN } else { &VI }
    }

    fn phrase(&self, list: &[&str], at: usize) -> Option<usize> {
        let rest = self.words.get(at..)?;
        list.iter().filter(|phrase| begin_with(rest, phrase)).map(|phrase| phrase.split(' ').count()).max()
    }

    /// A time or a date at a place, and where it ends.
    fn end(&self, at: usize) -> Option<(End, usize)> {
        let mut at = at;
        while let Some(len) = self.phrase(self.lists().lead, at) {
            at += len;
        }
        let rest = self.words.get(at..)?;
        let (kind, is_time) = match self.of {
            SpanOf::Times => (Kind::Time, true),
            SpanOf::Dates => (Kind::Date, false),
        };
        let found = super::find(&kind, rest, self.language, self.now);
        let found = found
            .filter(|_| !is_time || !self.is_clock_to(rest))
            .or_else(|| is_time.then(|| self.bare_hour(rest))?)?;
        let end = match found.value {
            Value::Time(time) => End::Time { time, is_open: found.doubt == Some(Doubt::HalfOfDay) },
            Value::Date(date) => End::Date(date),
            _ => return None,
        };
        Some((end, at + found.len))
    }

    /// "ten to twelve" is a span here, and no clock.
    fn is_clock_to(&self, words: &[String]) -> bool {
        self.language == Language::En && matches!(word(words, 1), "to" | "till" | "til")
    }

    /// The hour that stands before "to".
    fn bare_hour(&self, words: &[String]) -> Option<Found> {
        super::find(&Kind::Time, words.get(..1)?, self.language, self.now)
    }

    fn two_ends(&self) -> Option<Found> {
        let lists = self.lists();
        let between = self.phrase(lists.between, 0);
        let lead = between.or_else(|| self.phrase(lists.from, 0)).unwrap_or(0);
        let (first, at) = match self.hyphened(lead) {
            Some(found) => return Some(found),
            None => self.first_end(lead)?,
        };
        let joint = between.and_then(|_| self.phrase(lists.and, at)).or_else(|| self.phrase(lists.to, at))?;
        let (last, len) = self.last_end(&first, at + joint)?;
        let first = match (first, &last) {
            (End::Date(first), End::Date(last)) if self.is_day_alone(lead) => {
                End::Date(last_before(first, *last, self.now.date()).unwrap_or(first))
            }
            (first, _) => first,
        };
        self.found(Some(first), Some(last), len)
    }

    /// A beginning and a length: "from two for an hour and a half", "từ thứ hai trong ba ngày".
    fn lasting(&self) -> Option<Found> {
        let lead = self.phrase(self.lists().from, 0).unwrap_or(0);
        let (first, at) = self.end(lead)?;
        let length = self.length(at + self.phrase(self.lists().lasting, at)?)?;
        self.lasting_for(first, length)
    }

    /// "an hour and a half from two", "hai tiếng bắt đầu từ ba giờ".
    fn length_first(&self) -> Option<Found> {
        let length = self.length(self.phrase(self.lists().lasting, 0).unwrap_or(0))?;
        let at = length.end + self.phrase(self.lists().beginning, length.end)?;
        let (first, end) = self.end(at)?;
        // "an hour from two to four" is neither.
        let goes_on = self.phrase(self.lists().to, end).is_some();
        self.lasting_for(first, Length { end, ..length }).filter(|_| !goes_on)
    }

    fn length(&self, at: usize) -> Option<Length> {
        let rest = self.words.get(at..)?;
        if self.of == SpanOf::Times {
            let found =
                super::find(&Kind::Duration, rest, self.language, self.now).filter(|found| found.doubt.is_none())?;
            let Value::Minutes(minutes) = found.value else { return None };
            return Some(Length { count: minutes.into(), end: at + found.len, is_round: true });
        }
        let (count, len) = match (word(rest, 0), word(rest, 1)) {
            ("a", "day" | "week") => (1, 1),
            _ => super::number(rest, self.language).filter(|(n, _)| (1..=90).contains(n))?,
        };
        let (days, is_round) = match word(rest, len) {
            "day" | "days" | "ngày" => (count, true),
            // A week may be seven days or end on the same day, and so may nights.
            "week" | "weeks" | "tuần" => (7 * count, false),
            "night" | "nights" | "đêm" => (count + 1, false),
            _ => return None,
        };
        Some(Length { count: days, end: at + len + 1, is_round })
    }

    fn lasting_for(&self, first: End, length: Length) -> Option<Found> {
        let last = match &first {
            End::Date(date) => End::Date(days_ahead(*date, length.count - 1)?),
            End::Time { time, is_open } => {
                let found = Found::new(Value::Time(*time), 1);
                let found = self.half.settle(if *is_open { found.doubtful(Doubt::HalfOfDay) } else { found });
                let Value::Time(from) = found.value else { return None };
                let end = i64::from(from.hour()) * 60 + i64::from(from.minute()) + length.count;
                let to = super::calendar::time_of_day(end / 60 % 24, end % 60).filter(|_| length.count < 24 * 60)?;
                let found = Found {
                    doubt: found.doubt,
                    ..Found::new(Value::Span(Span::Times { from: Some(from), to: Some(to) }), length.end)
                };
                return Some(found);
            }
        };
        let found = self.found(Some(first), Some(last), length.end)?;
        Some(if length.is_round { found } else { found.doubtful(Doubt::TwoReadings) })
    }

    /// The first of two ends. A figure alone takes the month of the last one: "3 to 5 december".
    fn first_end(&self, at: usize) -> Option<(End, usize)> {
        self.end(at).or_else(|| {
            let (day, len) =
                (self.of == SpanOf::Dates).then(|| super::number(self.words.get(at..)?, self.language))??;
            let joint = self.phrase(self.lists().to, at + len)?;
            let is_figure = super::number(self.words.get(at + len + joint..)?, self.language).is_some();
            let (End::Date(last), _) = self.end(at + len + joint).filter(|_| is_figure)? else { return None };
            let first = Date::new(last.year(), last.month(), i8::try_from(day).ok()?).ok()?;
            Some((End::Date(first), at + len))
        })
    }

    /// The last of two ends: a day without its month comes after the first one ("december 28 to the third", "december 3 to 5").
    fn last_end(&self, first: &End, at: usize) -> Option<(End, usize)> {
        let figure = || {
            let (day, len) = super::number(self.words.get(at..)?, self.language)?;
            Some((day, at + len))
        };
        match (first, self.end(at)) {
            (End::Date(first), Some((End::Date(day), len))) if self.is_day_alone(at) => {
                Some((End::Date(super::calendar::next_day_of_month(*first, day.day().into())?), len))
            }
            (End::Date(first), None) => {
                let (day, len) = figure().filter(|(day, _)| (1..=31).contains(day))?;
                Some((End::Date(super::calendar::next_day_of_month(*first, day)?), len))
            }
            (_, end) => end,
        }
    }

    /// "the third", "mùng ba": its month is not said.
    fn is_day_alone(&self, at: usize) -> bool {
        let rest = self.words.get(at..).unwrap_or_default();
        let day = super::find(&Kind::Date, skip_lead(rest), self.language, self.now);
        day.is_some_and(|day| day.growth == Growth::Open)
    }

    /// "3-4 pm": two hours in one figure.
    fn hyphened(&self, at: usize) -> Option<Found> {
        let (first, last) = self.words.get(at)?.split_once('-').filter(|_| self.of == SpanOf::Times)?;
        let mut words = vec![first.to_owned(), last.to_owned()];
        words.extend(self.words[at + 1..].iter().cloned());
        let inner = Reader { words: &words, ..*self };
        let (first, _) = Reader { words: &words[..1], ..*self }.end(0)?;
        let (last, len) = inner.end(1)?;
        self.found(Some(first), Some(last), at + len - 1)
    }

    fn one_end(&self) -> Option<Found> {
        let lists = self.lists();
        if let Some(lead) = self.phrase(lists.until, 0) {
            let (end, len) = self.end(lead)?;
            // The day itself is left out: an interval of days holds its last one.
            let leaves_out = ["before", "any time before", "anytime before", "trước"]
                .iter()
                .any(|before| begin_with(self.words, before));
            return self.found(None, Some(if leaves_out { end.moved(-1)? } else { end }), len);
        }
        let lead = self.phrase(lists.since, 0);
        let (end, len) = self.end(lead.unwrap_or(0))?;
        let leaves_out = lead.is_some() && matches!(word(self.words, 0), "after" | "sau");
        let end = if leaves_out { end.moved(1)? } else { end };
        let onwards = self.phrase(lists.onwards, len);
        match (lead, onwards, self.phrase(lists.at_latest, len)) {
            (_, Some(used), _) => self.found(Some(end), None, len + used),
            (None, None, Some(used)) => self.found(None, Some(end), len + used),
            (Some(_), None, _) => self.found(Some(end), None, len),
            (None, None, None) => None,
        }
    }

    /// "next week", "this weekend", "in the afternoon".
    fn named(&self) -> Option<Found> {
        let today = self.now.date();
        if self.of == SpanOf::Times {
            return None;
        }
        let weeks: &[(&str, i64)] = match self.language {
            Language::En => &[("next week", 1), ("this week", 0), ("the week after next", 2)],
            Language::Vi => &[("tuần sau nữa", 2), ("tuần sau", 1), ("tuần tới", 1), ("tuần này", 0)],
        };
        let weekends: &[(&str, i64)] = match self.language {
            Language::En => &[("next weekend", 1), ("this weekend", 0), ("the weekend", 0)],
            Language::Vi => &[("cuối tuần sau", 1), ("cuối tuần tới", 1), ("cuối tuần này", 0), ("cuối tuần", 0)],
        };
        let at = |list: &[(&str, i64)]| {
            list.iter()
                .find(|(phrase, _)| begin_with(self.words, phrase))
                .map(|(phrase, n)| (*n, phrase.split(' ').count()))
        };
        let (from, to, len) = match (at(weekends), at(weeks)) {
            (Some((n, len)), _) => {
                // On a Sunday what is left of it.
                let (monday, sunday) = week(today, n)?;
                (days_ahead(monday, 5)?.max(today), sunday, len)
            }
            (None, Some((n, len))) => {
                let (monday, sunday) = week(today, n)?;
                (monday.max(today), sunday, len)
            }
            (None, None) => return None,
        };
        Some(Found::new(Value::Span(Span::Dates { from: Some(from), to: Some(to) }), len))
    }

    /// The span with these ends; a time whose half of the day was not said takes the one that fits the other end.
    fn found(&self, from: Option<End>, to: Option<End>, len: usize) -> Option<Found> {
        let both = from.is_some() && to.is_some();
        let (span, is_open) = match (from, to) {
            (Some(End::Date(from)), Some(End::Date(to))) => {
                (Span::Dates { from: Some(from), to: Some(later(from, to)?) }, false)
            }
            (Some(End::Date(from)), None) => (Span::Dates { from: Some(from), to: None }, false),
            (None, Some(End::Date(to))) => (Span::Dates { from: None, to: Some(to) }, false),
            (from, to) => self.times(from, to)?,
        };
        let found = Found::new(Value::Span(span), len);
        let found = if is_open { found.doubtful(Doubt::HalfOfDay) } else { found };
        Some(if both { found } else { found.only_if_asked() })
    }

    fn times(&self, from: Option<End>, to: Option<End>) -> Option<(Span, bool)> {
        let parts = |end: Option<End>| match end {
            Some(End::Time { time, is_open }) => Some((time, is_open)),
            _ => None,
        };
        let settle = |(time, is_open): (Time, bool)| {
            let found = Found::new(Value::Time(time), 1);
            let found = self.half.settle(if is_open { found.doubtful(Doubt::HalfOfDay) } else { found });
            match found.value {
                Value::Time(time) => (time, found.doubt.is_some()),
                _ => (time, is_open),
            }
        };
        let (from, to, is_open) = match (parts(from), parts(to)) {
            // "3 to 4 pm", "9 am to 5": the half of the day that brings the ends near to each other, in their order.
            (Some((from, true)), Some((to, false))) => {
                (Some(halves(from).into_iter().filter(|from| *from < to).max()?), Some(to), false)
            }
            (Some((from, false)), Some((to, true))) => {
                (Some(from), Some(halves(to).into_iter().filter(|to| *to > from).min()?), false)
            }
            (Some((from, false)), Some((to, false))) => (Some(from), Some(to), false),
            (Some(from), Some(to)) => {
                let ((from, open), (to, _)) = (settle(from), settle(to));
                // "eleven to one": the end comes after the beginning.
                let next = halves(to).into_iter().filter(|to| *to > from).min();
                (Some(from), Some(next.filter(|_| open || to <= from).unwrap_or(to)), open)
            }
            (Some(from), None) => {
                let (from, open) = settle(from);
                (Some(from), None, open)
            }
            (None, Some(to)) => {
                let (to, open) = settle(to);
                (None, Some(to), open)
            }
            (None, None) => return None,
        };
        Some((Span::Times { from, to }, is_open))
    }
}

/// A day whose month was not said before another day: the last such day before that ("from the first to the fourth of january").
fn last_before(first: Date, last: Date, today: Date) -> Option<Date> {
    let month = |months| super::calendar::day_of_month(last, first.day().into(), months);
    [month(0), month(-1)].into_iter().flatten().find(|day| *day <= last && *day >= today)
}

/// The words without "on", "the" stays: it belongs to its day.
fn skip_lead(words: &[String]) -> &[String] {
    &words[words.iter().take_while(|word| *word == "on").count()..]
}

/// The last day of a span that begins at `from`: a weekday or a day of a month that would lie before it is the next one.
fn later(from: Date, to: Date) -> Option<Date> {
    if to >= from {
        return Some(to);
    }
    days_ahead(to, 7).filter(|to| *to >= from && to.since(from).is_ok_and(|span| span.get_days() < 7))
}
