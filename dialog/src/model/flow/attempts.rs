//! `Attempts`: how often in a row the caller was not understood, not heard, or said nothing, and when that is too often.

/// So many of each in a row, and the flow gives up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Answers that were not understood, and turns of which the recogniser gave nothing.
    pub no_match: u8,
    /// Prompts that nobody answered.
    pub no_input: u8,
}

pub(super) struct Attempts {
    limits: Limits,
    /// Answers to the present step that were not understood.
    missed: u8,
    unheard: u8,
    silent: u8,
    /// How often values were confirmed before they were heard.
    early: u8,
    /// The present step failed too often, and the caller was led to another way to answer.
    led_on: bool,
}

/// What the next failed attempt comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    First,
    Again,
    TooOften,
}

impl Attempts {
    pub fn new(limits: Limits) -> Self {
        Self { limits, missed: 0, unheard: 0, silent: 0, early: 0, led_on: false }
    }

    /// An answer was not understood, or was wrong.
    pub fn missed(&mut self) -> Failed {
        count(&mut self.missed, self.limits.no_match)
    }

    /// Somebody spoke, and the recogniser gave nothing.
    pub fn unheard(&mut self) -> Failed {
        count(&mut self.unheard, self.limits.no_match)
    }

    /// Nobody answered.
    pub fn silent(&mut self) -> Failed {
        count(&mut self.silent, self.limits.no_input)
    }

    /// The recogniser gave words.
    pub fn heard(&mut self) {
        self.unheard = 0;
    }

    /// The caller is there: they gave a command.
    pub fn spoke(&mut self) {
        self.silent = 0;
    }

    /// Values were confirmed before they were heard. Whether they are read back again: who says so a third time knows them.
    pub fn confirmed_early(&mut self) -> bool {
        self.understood();
        self.early = self.early.saturating_add(1);
        self.early < 3
    }

    /// A step begins, or begins anew.
    pub fn step(&mut self) {
        (self.missed, self.early, self.led_on) = (0, 0, false);
    }

    /// An answer was understood.
    pub fn understood(&mut self) {
        (self.missed, self.silent, self.led_on) = (0, 0, false);
    }

    /// The caller is led to another way to answer, and may fail as often once more; `false`: they were so before.
    pub fn lead_on(&mut self) -> bool {
        (self.missed, self.unheard) = (0, 0);
        !std::mem::replace(&mut self.led_on, true)
    }

    /// How often the present question has been asked in vain.
    pub fn in_vain(&self) -> u8 {
        let before = if self.led_on { self.limits.no_match } else { 0 };
        self.missed.saturating_add(before).max(self.silent)
    }
}

fn count(failed: &mut u8, limit: u8) -> Failed {
    *failed = failed.saturating_add(1);
    match *failed {
        failed if failed >= limit => Failed::TooOften,
        1 => Failed::First,
        _ => Failed::Again,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_failure_is_counted_by_itself_and_forgiven_by_what_ends_it() {
        let mut attempts = Attempts::new(Limits { no_match: 3, no_input: 2 });
        assert_eq!([attempts.missed(), attempts.missed()], [Failed::First, Failed::Again]);
        assert_eq!(attempts.in_vain(), 2);
        assert_eq!(attempts.unheard(), Failed::First, "the recogniser's failures are not the caller's");
        assert_eq!([attempts.silent(), attempts.silent()], [Failed::First, Failed::TooOften]);
        assert_eq!(attempts.missed(), Failed::TooOften);
        attempts.step();
        assert_eq!((attempts.in_vain(), attempts.missed()), (2, Failed::First));
        attempts.understood();
        assert_eq!((attempts.in_vain(), attempts.silent()), (0, Failed::First));
        attempts.spoke();
        assert_eq!((attempts.in_vain(), attempts.unheard()), (0, Failed::Again));
        attempts.heard();
        assert_eq!(attempts.unheard(), Failed::First);
    }

    #[test]
    fn who_is_led_on_may_fail_as_often_once_more_until_an_answer_is_understood() {
        let mut attempts = Attempts::new(Limits { no_match: 2, no_input: 2 });
        assert_eq!([attempts.missed(), attempts.missed()], [Failed::First, Failed::TooOften]);
        assert!(attempts.lead_on());
        assert_eq!((attempts.in_vain(), attempts.missed(), attempts.missed()), (2, Failed::First, Failed::TooOften));
        assert!(!attempts.lead_on());
        attempts.understood();
        assert!(attempts.lead_on());
    }

    #[test]
    fn who_may_fail_once_fails_too_often_at_once() {
        assert_eq!(Attempts::new(Limits { no_match: 1, no_input: 1 }).missed(), Failed::TooOften);
    }
}
