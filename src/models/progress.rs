//! How far a download is: a line that is drawn again on a terminal, plain lines elsewhere. It is told the time.
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// The line is drawn again no oftener than this.
const REDRAW: Duration = Duration::from_millis(200);
/// The rate is that of about the last seconds.
const MEMORY: Duration = Duration::from_secs(4);
/// Elsewhere a line is printed for each of so many parts.
const PARTS: u64 = 4;

/// Where the lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    Terminal,
    Plain,
}

/// One download, from its beginning or from where it broke off.
pub struct Progress {
    title: String,
    total: u64,
    screen: Screen,
    last: Option<(Instant, u64)>,
    drawn: Option<Instant>,
    /// Bytes per second.
    rate: Option<f64>,
    parts: u64,
}

impl Progress {
    pub fn new(title: impl Into<String>, total: u64, screen: Screen) -> Self {
        Self { title: title.into(), total, screen, last: None, drawn: None, rate: None, parts: 0 }
    }

    /// On standard error, as suits it.
    pub fn shown(title: impl Into<String>, total: u64) -> Self {
        let screen = if std::io::stderr().is_terminal() { Screen::Terminal } else { Screen::Plain };
        Self::new(title, total, screen)
    }

    /// What is to be printed at `now`, when `done` bytes are there.
    pub fn at(&mut self, now: Instant, done: u64) -> Option<String> {
        match self.last {
            Some((before, had)) if done >= had => {
                let passed = now.saturating_duration_since(before);
                if passed >= REDRAW {
                    let fresh = (done - had) as f64 / passed.as_secs_f64();
                    let weight = (passed.as_secs_f64() / MEMORY.as_secs_f64()).min(1.0);
                    self.rate = Some(self.rate.map_or(fresh, |rate| rate + (fresh - rate) * weight));
                    self.last = Some((now, done));
                }
            }
            // The beginning, or a beginning again.
            _ => self.last = Some((now, done)),
        }
        match self.screen {
            Screen::Terminal => {
                let due = self.drawn.is_none_or(|drawn| now.saturating_duration_since(drawn) >= REDRAW);
                (due || done >= self.total).then(|| {
                    self.drawn = Some(now);
                    format!("\r\x1b[K{}", self.line(done))
                })
            }
            Screen::Plain => {
                let parts = (done * PARTS).checked_div(self.total).unwrap_or(0);
                let more = parts > self.parts;
                self.parts = parts;
                more.then(|| format!("{}\n", self.line(done)))
            }
        }
    }

    fn line(&self, done: u64) -> String {
        let share = (done * 100).checked_div(self.total).unwrap_or(100).min(100);
        let mut line = format!("{}: {share:3} % of {}", self.title, megabytes(self.total));
        if let Some(rate) = self.rate.filter(|rate| *rate >= 1_000.0 && done < self.total) {
            let left = (self.total - done) as f64 / rate;
            line += &format!(", {:.1} MB/s, {} left", rate / 1e6, duration(left.round() as u64));
        }
        line
    }

    /// Prints how far it is.
    pub fn show(&mut self, done: u64) {
        if let Some(text) = self.at(Instant::now(), done) {
            let mut out = std::io::stderr();
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
    }

    /// Leaves the line that is drawn again.
    pub fn end(&self) {
        if self.screen == Screen::Terminal && self.drawn.is_some() {
            let _ = writeln!(std::io::stderr());
        }
    }
}

/// As publishers give sizes: a megabyte is a million bytes.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_the_share_the_rate_and_the_time_left() {
        let start = Instant::now();
        let mut progress = Progress::new("whisper-base", 80_000_000, Screen::Terminal);
        let mut lines = Vec::new();
        // 4 MB a second, told ten times a second: every other telling is drawn.
        for tenth in 0..=200 {
            lines.extend(progress.at(start + Duration::from_millis(tenth * 100), tenth * 400_000));
        }
        assert_eq!(lines.len(), 101, "no oftener than five times a second");
        assert_eq!(lines[0], "\r\x1b[Kwhisper-base:   0 % of 80.0 MB");
        assert_eq!(lines[50], "\r\x1b[Kwhisper-base:  50 % of 80.0 MB, 4.0 MB/s, 10 s left");
        assert_eq!(lines[100], "\r\x1b[Kwhisper-base: 100 % of 80.0 MB");
    }

    #[test]
    fn a_download_that_goes_on_counts_only_what_is_new_for_its_rate() {
        let start = Instant::now();
        let mut progress = Progress::new("m", 100_000_000, Screen::Terminal);
        progress.at(start, 60_000_000);
        let line = progress.at(start + Duration::from_secs(1), 62_000_000).unwrap();
        assert!(line.ends_with("62 % of 100.0 MB, 2.0 MB/s, 19 s left"), "{line}");
        // Begun again: what was there is gone, and no rate is below nothing.
        progress.at(start + Duration::from_secs(2), 0);
        let line = progress.at(start + Duration::from_secs(3), 2_000_000).unwrap();
        assert!(line.ends_with("  2 % of 100.0 MB, 2.0 MB/s, 49 s left"), "{line}");
    }

    #[test]
    fn a_file_is_told_each_quarter_in_a_line_of_its_own() {
        let start = Instant::now();
        let mut progress = Progress::new("m", 1_000_000, Screen::Plain);
        let lines: Vec<String> = (0..=100).filter_map(|part| progress.at(start, part * 10_000)).collect();
        assert_eq!(lines, [25, 50, 75, 100].map(|share| format!("m: {share:3} % of 1.0 MB\n")));
        assert_eq!((duration(119), duration(121), duration(7_201)), ("119 s".into(), "3 min".into(), "3 h".into()));
    }
}
