//! The files of the console, for who supervises calls. They are part of the binary and hold no secret; what they show is asked for with
//! the rights of who has signed in.
use super::ApiState;
use super::assets::{Asset, Audience, HTML, SCRIPT, STYLE, routes_of};
use axum::Router;
use axum::response::Redirect;
use axum::routing::get;

macro_rules! file {
    ($path:literal, $kind:expr, $file:literal) => {
        Asset {
            path: concat!("/console/", $path),
            kind: $kind,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/console/", $file)),
            lean: false,
            audience: Audience::OwnPages,
        }
    };
    ($file:literal, $kind:expr) => {
        file!($file, $kind, $file)
    };
}

const ASSETS: &[Asset] = &[
    file!("", HTML, "index.html"),
    file!("console.css", STYLE),
    file!("admin.js", SCRIPT),
    file!("alerts.js", SCRIPT),
    file!("api.js", SCRIPT),
    file!("approvals.js", SCRIPT),
    file!("audit.js", SCRIPT),
    file!("bots.js", SCRIPT),
    file!("call.js", SCRIPT),
    file!("callbacks.js", SCRIPT),
    file!("controls.js", SCRIPT),
    file!("desk.js", SCRIPT),
    file!("dom.js", SCRIPT),
    file!("ended.js", SCRIPT),
    file!("feed.js", SCRIPT),
    file!("fields.js", SCRIPT),
    file!("format.js", SCRIPT),
    file!("guide.js", SCRIPT),
    file!("history.js", SCRIPT),
    file!("keys.js", SCRIPT),
    file!("ladder.js", SCRIPT),
    file!("list.js", SCRIPT),
    file!("live.js", SCRIPT),
    file!("main.js", SCRIPT),
    file!("memory.js", SCRIPT),
    file!("mood.js", SCRIPT),
    file!("notes.js", SCRIPT),
    file!("offer.js", SCRIPT),
    file!("panels.js", SCRIPT),
    file!("password.js", SCRIPT),
    file!("people.js", SCRIPT),
    file!("phone.js", SCRIPT),
    file!("prefs.js", SCRIPT),
    file!("provider.js", SCRIPT),
    file!("record.js", SCRIPT),
    file!("replay.js", SCRIPT),
    file!("row.js", SCRIPT),
    file!("score.js", SCRIPT),
    file!("seat.js", SCRIPT),
    file!("share.js", SCRIPT),
    file!("signin.js", SCRIPT),
    file!("sound.js", SCRIPT),
    file!("tasks.js", SCRIPT),
    file!("timeline.js", SCRIPT),
    file!("today.js", SCRIPT),
    file!("tokens.js", SCRIPT),
    file!("transcript.js", SCRIPT),
    file!("users.js", SCRIPT),
    file!("values.js", SCRIPT),
    file!("wall.js", SCRIPT),
    file!("waveform.js", SCRIPT),
    file!("words.js", SCRIPT),
    file!("words_en.js", SCRIPT),
    file!("words_en_admin.js", SCRIPT),
    file!("words_en_call.js", SCRIPT),
    file!("words_en_events.js", SCRIPT),
    file!("words_vi.js", SCRIPT),
    file!("words_vi_admin.js", SCRIPT),
    file!("words_vi_call.js", SCRIPT),
    file!("words_vi_events.js", SCRIPT),
];

/// The routes of the console's files. Nobody is asked for a token here.
pub(super) fn routes() -> Router<ApiState> {
    routes_of(ASSETS).route("/console", get(async || Redirect::permanent("/console/")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    #[test]
    fn every_file_of_the_console_is_served_and_none_of_its_pages_needs_what_its_policy_forbids() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/console");
        let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let files: BTreeSet<String> = names.filter(|name| name != "index.html").collect();
        let served = ASSETS.iter().filter_map(|asset| asset.path.strip_prefix("/console/"));
        let served: BTreeSet<String> = served.filter(|name| !name.is_empty()).map(str::to_owned).collect();
        assert_eq!(served, files);
        let page = ASSETS[0].text;
        assert!(!page.contains("<script>") && !page.contains("style="), "inline scripts and styles");
    }

    /// The files of a language's words.
    fn words_of(language: &str) -> impl Iterator<Item = &'static str> {
        let begins = format!("/console/words_{language}");
        ASSETS.iter().filter(move |asset| asset.path.starts_with(&begins)).map(|asset| asset.text)
    }

    #[test]
    fn every_word_of_the_console_is_there_in_each_language() {
        let words = |language: &str| -> BTreeMap<&str, BTreeSet<&str>> {
            // What stands in for a part of a sentence stands in each language too.
            let names = |text: &'static str| text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0));
            let mut words = BTreeMap::<_, BTreeSet<_>>::new();
            let mut key = "";
            for line in words_of(language).flat_map(str::lines) {
                // The text of a long one stands on the next line.
                if let Some((name, _)) = line.strip_prefix("  ").and_then(|line| line.split_once(':'))
                    && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
                {
                    key = name;
                }
                if !key.is_empty() {
                    words.entry(key).or_default().extend(names(line));
                }
            }
            words
        };
        let (en, vi) = (words("en"), words("vi"));
        assert!(en.len() > 100, "{en:?}");
        assert_eq!(en, vi);
    }

    /// A word that is asked for by its name stands in the files of words: `t("…")` of one that does not ends a page.
    #[test]
    fn every_word_that_a_page_asks_for_is_there() {
        let words: String = words_of("en").collect();
        for asset in ASSETS.iter().filter(|asset| asset.kind == SCRIPT) {
            let calls = asset.text.match_indices("t(\"").filter(|(at, _)| {
                // Not the end of another name, such as `get`.
                !asset.text[..*at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            });
            for asked in calls.filter_map(|(at, call)| Some(asset.text[at + call.len()..].split_once('"')?.0)) {
                let key = asked.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
                assert!(!key || words.contains(&format!("\n  {asked}:")), "{} asks for {asked}", asset.path);
            }
        }
    }
}
