//! `Lists`: the words of one language that change what a value beside them means.

/// The words of a language that change what a value beside them means.
pub(super) struct Lists {
    /// They refuse what follows.
    pub not: &'static [&'static str],
    /// Phrases that hold such a word and refuse nothing, besides those that change nothing at all.
    pub no_refusal: &'static [&'static str],
    /// What ends the reach of a refusal.
    pub but: &'static [&'static str],
    /// They refuse what stands before them.
    pub not_after: &'static [&'static str],
    pub bound: &'static [&'static str],
    /// Bounds only where they stand right before a value: "đến" also means to come.
    pub until: &'static [&'static str],
    /// Verbs behind which "from three to four" names an old value and a new one.
    pub moves: &'static [&'static str],
    pub bound_after: &'static [&'static str],
    /// Words between a bound, or a joint, and its value: "before about six".
    pub carrier: &'static [&'static str],
    pub or: &'static [&'static str],
    /// "or so": what says that a value is not exact, and nothing else.
    pub or_so: &'static [&'static str],
    /// Words that join a value to the next one.
    pub joint: &'static [&'static str],
    /// Words of numbers that no whole number holds.
    pub fraction: &'static [&'static str],
    /// What is counted or measured: "five days" is no number of people.
    pub unit: &'static [&'static str],
    /// What a bare number behind it only names: "room four".
    pub label: &'static [&'static str],
    /// What a bare number behind it is the age of: "birthday forty".
    pub age: &'static [&'static str],
    /// Several of them hold so many each: "two tables of four", "hai bàn bốn người".
    pub container: &'static [&'static str],
    /// What goes on behind a day: "the fourth of …".
    pub behind_date: &'static [&'static str],
    /// What an ordinal alone counts where these follow it: "the first available".
    pub behind_ordinal: &'static [&'static str],
    /// People who are counted besides: "and a baby".
    pub person: &'static [&'static str],
    /// Words that add one number to another.
    pub and: &'static [&'static str],
    /// Behind a number, words that only go on with one: "one oh", "hai trăm mốt".
    pub tail: &'static [&'static str],
    /// Who is spoken of between a value and what refuses it: "thứ hai em bận".
    pub subject: &'static [&'static str],
    /// Behind them a value holds only in some case.
    pub condition: &'static [&'static str],
    /// Polite phrases that begin with such a word.
    pub no_condition: &'static [&'static str],
    /// Between two values: the second one is the caller's second choice.
    pub otherwise: &'static [&'static str],
    pub one: &'static [&'static str],
    /// Words that may be a choice, and words behind which they are something else.
    pub homonyms: &'static [(&'static [&'static str], &'static [&'static str])],
    /// "Not long": what says of a value that it is little, and changes nothing.
    pub little: &'static [&'static str],
    /// Phrases that hold a word of refusal, refuse nothing and change nothing.
    pub polite_refusal: &'static [&'static str],
}

impl Lists {
    /// Whether a word is one of those that change what a value beside them means.
    pub fn matters(&self, word: &str) -> bool {
        let lists = [
            self.not,
            self.not_after,
            self.bound,
            self.until,
            self.bound_after,
            self.or,
            self.fraction,
            self.unit,
            self.condition,
            self.otherwise,
        ];
        lists.iter().any(|list| list.contains(&word))
    }
}
