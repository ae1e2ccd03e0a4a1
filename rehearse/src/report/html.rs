//! A report as one page without anything from elsewhere, light or dark as its reader's system is.
use super::markup::escape;
use super::{Figures, Report, clock, located, ms};
use crate::ear::{Ear, Place};
use crate::record::{Speaker, Turn};
use crate::run::{Outcome, Run};
use std::fmt::Write;

/// So many runs of a scenario are shown word by word.
const SHOWN: usize = 5;

pub fn html(report: &Report<'_>) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    out.push_str(
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Rehearsals</title><style>\n",
    );
    out.push_str(include_str!("page.css"));
    out.push_str("</style></head><body><main>\n");
    head(&mut out, report);
    for outcomes in report.files() {
        file(&mut out, outcomes);
        for outcome in outcomes.iter().filter(|outcome| !outcome.has_passed()) {
            for run in outcome.failed().take(SHOWN) {
                shown(&mut out, report, outcome, run);
            }
            let more = outcome.failed().count().saturating_sub(SHOWN);
            if more > 0 {
                let _ =
                    writeln!(out, "<p class=soft>{more} more runs of “{}” failed.</p>", escape(&outcome.scenario.name));
            }
        }
        for outcome in outcomes.iter().filter(|outcome| outcome.has_passed()) {
            if let Some(run) = outcome.runs.first() {
                shown(&mut out, report, outcome, run);
            }
        }
    }
    out.push_str("</main></body></html>\n");
    out
}

fn head(out: &mut String, report: &Report<'_>) {
    let all = Figures::of(report.outcomes);
    let badge = if report.has_passed() {
        "<span class=badge>passed</span>"
    } else {
        "<span class=\"badge poor\">failed</span>"
    };
    let _ = writeln!(
        out,
        "<h1>Rehearsals {badge}</h1><p class=soft>{} scenarios, {} calls in {:.2} s ({}), seed {}.</p>",
        report.outcomes.len(),
        report.calls(),
        report.took.as_secs_f64(),
        report.speed(),
        report.seed
    );
    out.push_str("<dl class=figures>");
    let mut figure = |name: &str, value: String, unit: &str| {
        let _ = write!(out, "<div><dt>{name}</dt><dd>{value} <small>{unit}</small></dd></div>");
    };
    figure("Pass rate", format!("{:.1}", 100.0 * share(&all)), "%");
    figure("Failed calls", (all.runs - all.passed).to_string(), &format!("of {}", all.runs));
    figure("Answer, median", ms(all.median), "ms");
    figure("Answer, 95 %", ms(all.p95), "ms");
    figure("Answer, slowest", ms(all.slowest), "ms");
    figure("Interruptions", all.interruptions.to_string(), &format!("in {} turns", all.turns));
    figure("Re-prompts", all.reprompts.to_string(), &format!("in {} turns", all.turns));
    if all.words > 0 {
        figure("Words heard otherwise", all.wrong.to_string(), &format!("of {}", all.words));
    }
    out.push_str("</dl>\n");
}

fn share(figures: &Figures) -> f64 {
    figures.passed as f64 / figures.runs.max(1) as f64
}

fn file(out: &mut String, outcomes: &[Outcome<'_>]) {
    let Some(first) = outcomes.first() else { return };
    let bot = &first.rehearsal.bot;
    let _ = writeln!(
        out,
        "<h2>{} <small>bot {}, {}</small></h2>",
        escape(&first.rehearsal.file),
        escape(&bot.name),
        bot.language.code()
    );
    out.push_str("<div class=wide><table><thead><tr><th scope=col>Scenario<th scope=col>Passed");
    out.push_str(
        "<th scope=col>Median<th scope=col>95 %<th scope=col>Slowest<th scope=col>Turns<th scope=col>Interruptions",
    );
    out.push_str("<th scope=col>Re-prompts</tr></thead><tbody>\n");
    for outcome in outcomes {
        let figures = Figures::of(std::slice::from_ref(outcome));
        let class = if outcome.has_passed() { "good" } else { "poor" };
        let _ = writeln!(
            out,
            "<tr><th scope=row>{}<td><span class=\"rate {class}\"><i><b style=\"width:{:.0}%\"></b></i>{}/{}</span>\
             <td>{} ms<td>{} ms<td>{} ms<td>{}<td>{}<td>{}</tr>",
            escape(&outcome.scenario.name),
            100.0 * share(&figures),
            figures.passed,
            figures.runs,
            ms(figures.median),
            ms(figures.p95),
            ms(figures.slowest),
            figures.turns,
            figures.interruptions,
            figures.reprompts,
        );
    }
    out.push_str("</tbody></table></div>\n");
}

/// A run word by word: open where it failed.
fn shown(out: &mut String, report: &Report<'_>, outcome: &Outcome<'_>, run: &Run) {
    let has_failed = !run.failures.is_empty();
    let (open, badge) = if has_failed { (" open", " <span class=\"badge poor\">failed</span>") } else { ("", "") };
    let (name, number) = (escape(&outcome.scenario.name), run.number);
    let _ = writeln!(out, "<details{open}><summary>{name}, run {number}{badge}</summary><div class=run>");
    if has_failed {
        out.push_str("<ul class=problems>");
        for failure in &run.failures {
            let _ = write!(out, "<li>{}", escape(&located(&outcome.rehearsal.file, failure)));
        }
        out.push_str("</ul>\n");
    }
    out.push_str("<ol>");
    for turn in run.record.transcript() {
        self::turn(out, &turn);
    }
    out.push_str("</ol>\n");
    ears(out, &run.record.ears);
    let end = escape(run.record.end.text());
    let _ = writeln!(out, "<p class=soft>The call ended after {}: {end}.</p>", clock(run.record.length));
    let _ = writeln!(out, "<pre>{}</pre></div></details>", escape(&report.again(outcome, run)));
}

fn turn(out: &mut String, turn: &Turn) {
    let class = match turn.speaker {
        Speaker::Bot => "bot",
        Speaker::Caller(_) => "caller",
        Speaker::Note => "note",
    };
    let text = escape(&turn.text);
    let name = match turn.speaker {
        Speaker::Note => String::new(),
        speaker if turn.cut => format!("<small>{}, cut off</small>", speaker.name()),
        speaker => format!("<small>{}</small>", speaker.name()),
    };
    let _ = writeln!(out, "<li class={class}><time>{}</time><p>{name}{text}</p>", clock(turn.at));
}

/// What the caller said and, word below word, what the bot heard.
fn ears(out: &mut String, ears: &[Ear]) {
    if ears.is_empty() {
        return;
    }
    let (words, wrong) = (ears.iter().map(Ear::words).sum::<usize>(), ears.iter().map(Ear::wrong).sum::<usize>());
    let _ = writeln!(out, "<h3>Said and heard <small>{wrong} of {words} words otherwise</small></h3><div class=ears>");
    for ear in ears {
        out.push_str("<p class=ear>");
        for place in ear.places() {
            let (class, said, heard) = match &place {
                Place::Same(word) => ("", word, word),
                Place::Other { said, heard } => (" class=other", said, heard),
            };
            let _ = write!(out, "<span{class}>{}<b>{}</b></span>", or_dash(said), or_dash(heard));
        }
        out.push_str("</p>\n");
    }
    out.push_str("</div>\n");
}

fn or_dash(word: &str) -> String {
    if word.is_empty() { "–".to_owned() } else { escape(word) }
}
