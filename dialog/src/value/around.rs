//! `Surroundings`: what the words around a value make of it. "not Boston" refuses it, "before noon" bounds it, "five b" goes on in a
//! way that the value does not hold: none of them is that value.
use super::found::{Found, Growth, Reading};
use super::kind::Kind;
use super::ordinals::ordinal_word;
use super::party::counts_people;
use super::words::{begin_with, ends_with, word};
use super::{begins_number, number};
use crate::language::Language;
pub use beside::{Beside, Side, ends_not_knowing};
use lists::Lists;

mod beside;
mod en;
mod lists;
mod vi;

/// What the words around a value make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Meant,
    /// "not Boston", "Monday doesn't work".
    Refused,
    /// It counts or measures something else: "two rooms" is no time and no number of people.
    Foreign,
    Unclear(Unclear),
}

/// Why words that hold a value give none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// "the thirty first of November".
    NoSuchDate,
    /// Only what is not meant was said: "anything but Monday".
    Refused,
    /// "before noon", "at least two hours", "from two to four".
    Bound,
    /// "Boston or Chicago".
    Several,
    /// Words that belong to the value and that it does not hold: "five b", "two adults and a baby".
    Rest,
}

/// A value within the words of a sentence.
pub struct Surroundings<'a> {
    /// The words of the value.
    pub own: &'a [String],
    /// The words since the value before, or since the beginning.
    pub before: &'a [String],
    /// The words to the next value, or to the end.
    pub after: &'a [String],
    pub is_first: bool,
    pub is_last: bool,
    pub language: Language,
}

/// How many words a refusal reaches over.
const REACH: usize = 6;

impl Surroundings<'_> {
    fn lists(&self) -> &'static Lists {
        match self.language {
            Language::En => &en::LISTS,
            Language::Vi => &vi::LISTS,
        }
    }

    /// `cues`: words that lead to this slot are no bounds ("from Boston").
    pub fn role(&self, kind: &Kind, found: &Found, is_cued: bool) -> Role {
        let counts = !matches!(kind, Kind::Choice(_) | Kind::YesNo | Kind::Text);
        match () {
            // "no later than five" bounds: it refuses no hour.
            () if counts && !is_cued && !matches!(kind, Kind::Span { .. }) && self.is_bounded() => {
                Role::Unclear(Unclear::Bound)
            }
            () if self.is_refused() => Role::Refused,
            () if self.is_foreign(kind, found) => Role::Foreign,
            () if *kind == Kind::Duration && self.is_distance() => Role::Unclear(Unclear::Rest),
            () if matches!(kind, Kind::Choice(_)) && self.is_of_another() => Role::Unclear(Unclear::Rest),
            () if self.is_alternative() => Role::Unclear(Unclear::Several),
            () if counts && (self.has_rest(kind, found) || self.is_of_each(kind, found)) => {
                Role::Unclear(Unclear::Rest)
            }
            () => Role::Meant,
        }
    }

    /// Whether a number alone is followed by what it counts, and that is not what was asked for.
    fn is_foreign(&self, kind: &Kind, found: &Found) -> bool {
        let is_bare = found.reading == Reading::OnlyIfAsked
            && matches!(kind, Kind::Number { .. } | Kind::Duration | Kind::Time)
            && found.growth != Growth::Closed;
        // "Two to four people" is no span.
        let is_span = matches!(kind, Kind::Span { .. }) && self.ends_in_number();
        // "Seven thirty p m, four adults"
        let is_of_people = matches!(kind, Kind::Duration | Kind::Time)
            && self.lists().person.iter().any(|phrase| begin_with(self.after, phrase));
        // "At four", "lúc bốn" where people are counted.
        let is_clock = is_bare
            && matches!(kind, Kind::Number { unit, .. } if counts_people(unit))
            && matches!(word_at_end(self.before), "at" | "lúc");
        is_clock || (is_bare || is_span) && (self.lists().unit.contains(&word(self.after, 0)) || is_of_people)
    }

    /// "An hour before noon", "nửa tiếng trước bảy giờ": how far a time is from another one, and no length.
    fn is_distance(&self) -> bool {
        const BEHIND: [&str; 14] = [
            "before",
            "after",
            "prior to",
            "ahead of",
            "earlier",
            "later",
            "past",
            "trước",
            "sau",
            "sớm hơn",
            "trễ hơn",
            "muộn hơn",
            "nữa là",
            "sau đó",
        ];
        // "In an hour" is when.
        BEHIND.iter().any(|phrase| begin_with(self.after, phrase)) || word_at_end(self.before) == "in"
    }

    /// Whether a choice is a word about something else: "a large party", "em vừa gọi".
    fn is_of_another(&self) -> bool {
        let lists = self.lists();
        let [own] = self.own else { return false };
        lists.homonyms.iter().any(|(words, behind)| {
            words.contains(&own.as_str()) && behind.iter().any(|phrase| begin_with(self.after, phrase))
        })
    }

    /// Whether words before the value add it to the one before: "and two more".
    pub fn is_added(&self) -> bool {
        self.before.iter().any(|word| self.lists().and.contains(&word.as_str()))
    }

    /// Whether only a word that joins stands between the value before and this one: "not Boston or Chicago" refuses both.
    pub fn is_joined_to_refused(&self) -> bool {
        let lists = self.lists();
        let joins = |word: &String| lists.joint.contains(&word.as_str()) || lists.carrier.contains(&word.as_str());
        let first = word(self.before, 0);
        let leads = lists.or.contains(&first) || matches!(first, "and" | "và" | "với");
        !self.before.is_empty() && self.before.iter().all(joins) && leads || word(self.before, 0) == "nor"
    }

    pub fn is_refused(&self) -> bool {
        let lists = self.lists();
        let before = self.own_before();
        // "Any morning but Thursday"
        if let Some(at) = before.iter().rposition(|word| word == "but")
            && before[at + 1..].iter().all(|word| lists.carrier.contains(&word.as_str()))
            && before[..at]
                .iter()
                .rev()
                .take(3)
                .any(|word| matches!(word.as_str(), "any" | "every" | "all" | "whichever"))
        {
            return true;
        }
        // "Ngoài Huế ấy": out there in Huế. "Ngoài Huế ra": besides Huế.
        let is_there = matches!(word(self.after, 0), "ấy" | "đó" | "đấy" | "á" | "kìa" | "nha" | "nhé");
        let before = match before.split_last() {
            Some((last, rest)) if last == "ngoài" && is_there => rest,
            _ => before,
        };
        let mut at = 0;
        while at < before.len() {
            let rest = &before[at..];
            let refuses_nothing = [lists.no_refusal, lists.polite_refusal, lists.little];
            if let Some(len) = refuses_nothing.iter().filter_map(|list| phrase_at(list, rest)).max() {
                at += len;
                continue;
            }
            if let Some(len) = phrase_at(lists.not, rest) {
                let reach = &rest[len.min(rest.len())..];
                // "Everything but the time, it should be four"
                let excepts = matches!(word(rest, 0), "except" | "apart" | "other" | "trừ" | "ngoại");
                let is_due = excepts && reach.iter().any(|word| matches!(word.as_str(), "should" | "must" | "phải"));
                if reach.len() <= REACH && !is_due && !reach.iter().any(|word| lists.but.contains(&word.as_str())) {
                    return true;
                }
            }
            at += 1;
        }
        let behind = skip(skip(self.after, lists.carrier), lists.subject);
        phrase_at(lists.not_after, behind).or_else(|| phrase_at(lists.not_after, self.after)).is_some()
            || self.is_last && phrase_at(lists.not, self.after) == Some(self.after.len()) && !self.after.is_empty()
    }

    /// The words before without those that refuse the value before: "Boston doesn't work, Chicago does".
    fn own_before(&self) -> &[String] {
        let lists = self.lists();
        if self.is_first {
            return self.before;
        }
        // "Sài Gòn thì đừng, Hà Nội nha"
        let rest = [self.before, skip(skip(self.before, lists.carrier), lists.subject)];
        let behind = rest.into_iter().find_map(|rest| phrase_at(lists.not_after, rest).map(|len| &rest[len..]));
        behind.unwrap_or(self.before)
    }

    fn is_bounded(&self) -> bool {
        let (lists, own) = (self.lists(), self.own_before());
        let before = strip(own, lists.carrier);
        let moves = own.iter().any(|word| lists.moves.contains(&word.as_str()));
        lists.bound.iter().any(|phrase| ends_with(before, phrase) || ends_with(own, phrase))
            || !moves && lists.until.iter().any(|phrase| ends_with(own, phrase))
            || lists.bound_after.iter().any(|phrase| begin_with(self.after, phrase))
    }

    /// Whether "or" stands beside it, and what is on its other side is no value.
    fn is_alternative(&self) -> bool {
        let lists = self.lists();
        let or_so = |words: &[String]| lists.or_so.iter().any(|phrase| begin_with(words, phrase));
        let behind = lists.or.contains(&word(self.after, 0)) && !or_so(self.after) && self.after.len() > 1;
        let conditional =
            phrase_at(lists.condition, self.after).is_some() && phrase_at(lists.no_condition, self.after).is_none();
        let before = strip(self.before, lists.carrier);
        let ahead = before.len() > 1 && before.last().is_some_and(|word| lists.or.contains(&word.as_str()));
        behind || ahead || conditional
    }

    /// Whether words beside the value belong to it, and it does not hold them.
    fn has_rest(&self, kind: &Kind, found: &Found) -> bool {
        let lists = self.lists();
        let has = |list: &[&str], word: &str| list.contains(&word);
        let after = self.after;
        if lists.or_so.iter().any(|phrase| begin_with(after, phrase)) {
            return false;
        }
        let joined = after.iter().take_while(|word| has(lists.joint, word)).count();
        let next = &after[joined..];
        let article = usize::from(joined > 0 && has(lists.one, word(next, 0)));
        let is_counted = matches!(kind, Kind::Number { .. });
        // "The first available", "the second one"
        let is_of_another = matches!(kind, Kind::Date)
            && self.own.len() <= 2
            && self.own.last().is_some_and(|word| ordinal_word(word).is_some())
            && lists.behind_ordinal.contains(&word(after, 0));
        // "Thứ bảy trước chín giờ": the words bound the hour.
        let bounds_next = !self.is_last && matches!(after, [only] if matches!(only.as_str(), "trước" | "sau"));
        let dated = matches!(kind, Kind::Date)
            && !bounds_next
            && lists.behind_date.iter().any(|phrase| begin_with(after, phrase));
        // A number goes on with a number; "tomorrow" does not, unless "or" joins the two.
        let alternative = after[..joined].iter().any(|word| has(lists.or, word));
        let is_number = self.ends_in_number();
        // "Half past seven, four adults": what is counted is something else.
        let counts_people = || {
            let counted = number(next, self.language).map_or(next, |(_, len)| &next[len..]);
            !is_counted && lists.person.iter().any(|phrase| begin_with(counted, phrase))
        };
        let goes_on = (is_number || alternative) && self.begins_number(next) && !counts_people()
            || is_number && self.is_tail(after);
        // "from nine until whenever"
        let open_span = matches!(kind, Kind::Span { .. }) && joined > 0 && !has(lists.and, word(after, 0));
        goes_on
            || open_span
            || has(lists.fraction, word(&next[article.min(next.len())..], 0))
            || (joined == 0 && self.is_letter(after) && !matches!(kind, Kind::Date | Kind::Duration))
            || dated
            || is_of_another
            || self.follows_number()
            || (is_counted && self.counts_more(found))
    }

    /// Whether only a word for what holds several people stands before: "two | tables of four".
    pub fn follows_container(&self) -> bool {
        matches!(strip(self.before, &["of", "with"]), [only] if self.lists().container.contains(&only.as_str()))
    }

    /// Whether a word follows that only goes on with a number: "one oh". "Oh wait" is none, nor is "to be safe".
    fn is_tail(&self, after: &[String]) -> bool {
        let exclaims = word(after, 0) == "oh" && after.len() > 1 && !self.begins_number(&after[1..]);
        let is_idle = begin_with(after, "to be");
        self.lists().tail.contains(&word(after, 0)) && !exclaims && !is_idle
    }

    /// "Room four" names a room, and "two tables of four" counts more than four.
    fn is_of_each(&self, kind: &Kind, found: &Found) -> bool {
        let lists = self.lists();
        if !matches!(kind, Kind::Number { .. }) {
            return false;
        }
        if self.is_age(kind, found) {
            return true;
        }
        let before = strip(self.before, &["of", "số", "number", "with"]);
        let Some((last, counted)) = before.split_last() else { return false };
        let one = |from: usize| {
            number(&counted[from..], self.language)
                .filter(|(_, len)| from + len == counted.len())
                .map(|(count, _)| count)
        };
        let count = (counted.len().saturating_sub(3)..counted.len()).find_map(one);
        let is_label = found.reading == Reading::OnlyIfAsked
            && found.growth != Growth::Closed
            && before.len() == strip(self.before, &["số", "number"]).len()
            && lists.label.contains(&last.as_str());
        is_label || lists.container.contains(&last.as_str()) && count.is_some_and(|count| count > 1)
    }

    /// "Birthday forty", "forty years old": no number of people.
    fn is_age(&self, kind: &Kind, found: &Found) -> bool {
        const OLD: [&str; 8] =
            ["tuổi", "year old", "years old", "year olds", "yr old", "yrs old", "years of age", "th birthday"];
        let Kind::Number { unit, .. } = kind else { return false };
        let is_bare = found.reading == Reading::OnlyIfAsked && found.growth != Growth::Closed;
        let is_led = || self.lists().age.iter().any(|phrase| ends_with(self.before, phrase));
        is_bare && counts_people(unit) && (is_led() || OLD.iter().any(|phrase| begin_with(self.after, phrase)))
    }

    fn ends_in_number(&self) -> bool {
        (self.own.len().saturating_sub(3)..self.own.len())
            .any(|at| number(&self.own[at..], self.language).is_some_and(|(_, len)| at + len == self.own.len()))
    }

    fn begins_number(&self, words: &[String]) -> bool {
        begins_number(words, self.language)
    }

    /// "5 b": a letter behind a number. "a" and "i" are words of English.
    fn is_letter(&self, words: &[String]) -> bool {
        let Some(first) = words.first() else { return false };
        let is_word = matches!(first.as_str(), "a" | "i" | "o") && (self.language == Language::En) && words.len() > 1;
        first.len() == 1 && first.bytes().all(|b| b.is_ascii_lowercase()) && !is_word
    }

    /// Whether a number that no value took ends right before this value, or before the word that joins them.
    fn follows_number(&self) -> bool {
        let lists = self.lists();
        let before = strip(self.before, lists.joint);
        let joined = before.len() < self.before.len();
        if !joined && !self.begins_number(self.own) {
            return before.last().is_some_and(|word| lists.fraction.contains(&word.as_str()));
        }
        if before.last().is_some_and(|word| lists.fraction.contains(&word.as_str())) {
            return true;
        }
        // "this one", "that one"
        let is_pronoun = |from: usize| {
            before[from] == "one" && from > 0 && matches!(before[from - 1].as_str(), "this" | "that" | "the" | "which")
        };
        (before.len().saturating_sub(4)..before.len()).any(|from| {
            before[from] != "không"
                && !is_pronoun(from)
                && number(&before[from..], self.language).is_some_and(|(_, len)| from + len == before.len())
        })
    }

    /// Whether others are counted besides: "two adults and three kids", "two people and a baby".
    fn counts_more(&self, found: &Found) -> bool {
        let lists = self.lists();
        let number_in = |words: &[String]| (0..words.len()).any(|at| self.begins_number(&words[at..]));
        let person = |at: usize| lists.person.iter().any(|phrase| begin_with(&self.after[at..], phrase));
        let counted = |at: usize| {
            let before = self.after[at - 1].as_str();
            lists.one.contains(&before) || lists.joint.contains(&before)
        };
        // "two adults", "me and two": others may be counted too.
        let besides = person(0) || (1..self.after.len()).any(|at| person(at) && counted(at));
        let totals = ends_with(self.before, "tổng cộng");
        let added = !totals
            && self.before.len() > 1
            && self.before.last().is_some_and(|word| lists.and.contains(&word.as_str()));
        besides || added || number_in(self.after) || (found.reading == Reading::OnlyIfAsked && number_in(self.before))
    }
}

/// Whether the sentence says that a value holds only in some case: "if Tuesday is full then Wednesday".
pub fn is_conditional(words: &[String], language: Language) -> bool {
    let lists = if language == Language::En { &en::LISTS } else { &vi::LISTS };
    (0..words.len()).any(|at| {
        // "if you can't do Tuesday" is one, however polite its first words are.
        let polite = phrase_at(&["if possible", "if i may", "nếu được", "nếu có thể", "nếu không phiền"], &words[at..])
            .is_some();
        phrase_at(lists.condition, &words[at..]).is_some() && !polite
    })
}

/// Whether these words refuse what was said before them, and not what follows: "not quite", and not "not".
pub fn refuses_by_itself(words: &[String], language: Language) -> bool {
    let not = if language == Language::En { en::LISTS.not } else { vi::LISTS.not };
    let has = (0..words.len()).any(|at| phrase_at(not, &words[at..]).is_some());
    let last = words.last().map_or("", String::as_str);
    has && !matches!(last, "not" | "no" | "phải" | "không") && !not.iter().any(|phrase| ends_with(words, phrase))
}

/// Whether an exception to several values stands in these words: "but not Tuesday".
pub fn makes_exception(words: &[String], language: Language) -> bool {
    let phrases: &[&str] = match language {
        Language::En => &["except", "excluding", "but not", "apart from", "other than", "without"],
        Language::Vi => &["trừ", "ngoại trừ", "nhưng không", "mà không", "không tính"],
    };
    (0..words.len()).any(|at| phrase_at(phrases, &words[at..]).is_some())
}

/// Whether a sentence has such a "but".
pub fn has_contrast(words: &[String], language: Language) -> bool {
    (0..words.len()).any(|at| is_contrast(&words[..at], &words[at..], language))
}

/// Whether "but" leads from where somebody is to what they want: "I live in Boston but need it in Chicago".
pub fn is_contrast(before: &[String], between: &[String], language: Language) -> bool {
    const WANT: [&str; 20] = [
        "need",
        "want",
        "like",
        "prefer",
        "looking",
        "book",
        "booking",
        "go",
        "going",
        "i'd",
        "travel",
        "travelling",
        "muốn",
        "cần",
        "đặt",
        "đi",
        "lấy",
        "tìm",
        "chọn",
        "thích",
    ];
    const SHOULD: [&str; 3] = ["should", "must", "phải"];
    let buts: &[&str] = if language == Language::En { &["but"] } else { &["nhưng", "nhưng mà", "mà"] };
    let wants = |words: &[String]| words.iter().any(|word| WANT.contains(&word.as_str()));
    let but = (0..between.len()).find(|at| phrase_at(buts, &between[*at..]).is_some());
    let is_due = |at: usize| between[at..].iter().any(|word| SHOULD.contains(&word.as_str()));
    but.is_some_and(|at| wants(&between[at..]) || is_due(at)) && !wants(before)
}

/// How many words the longest phrase of a list takes at the start of `words`.
fn phrase_at(list: &[&str], words: &[String]) -> Option<usize> {
    list.iter().filter(|phrase| begin_with(words, phrase)).map(|phrase| phrase.split(' ').count()).max()
}

/// Whether the words between two values make the second one a second choice: "Boston, otherwise Chicago".
pub fn is_otherwise(between: &[String], language: Language) -> bool {
    let list = if language == Language::En { en::LISTS.otherwise } else { vi::LISTS.otherwise };
    (0..between.len()).any(|at| phrase_at(list, &between[at..]).is_some())
}

/// Whether a verb behind which "from three to four" names an old value and a new one is among these words.
pub fn moves(words: &[String], language: Language) -> bool {
    let moves = if language == Language::En { en::LISTS.moves } else { vi::LISTS.moves };
    words.iter().any(|word| moves.contains(&word.as_str()))
}

fn word_at_end(words: &[String]) -> &str {
    words.last().map_or("", String::as_str)
}

/// `words` without those of a list at their end.
fn strip<'a>(words: &'a [String], list: &[&str]) -> &'a [String] {
    let count = words.iter().rev().take_while(|word| list.contains(&word.as_str())).count();
    &words[..words.len() - count]
}

/// `words` without those of a list at their start.
fn skip<'a>(words: &'a [String], list: &[&str]) -> &'a [String] {
    &words[words.iter().take_while(|word| list.contains(&word.as_str())).count()..]
}
