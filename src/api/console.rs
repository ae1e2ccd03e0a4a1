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
    file!("api.js", SCRIPT),
    file!("call.js", SCRIPT),
    file!("controls.js", SCRIPT),
    file!("dom.js", SCRIPT),
    file!("ended.js", SCRIPT),
    file!("format.js", SCRIPT),
    file!("guide.js", SCRIPT),
    file!("history.js", SCRIPT),
    file!("keys.js", SCRIPT),
    file!("list.js", SCRIPT),
    file!("live.js", SCRIPT),
    file!("main.js", SCRIPT),
    file!("panels.js", SCRIPT),
    file!("prefs.js", SCRIPT),
    file!("record.js", SCRIPT),
    file!("replay.js", SCRIPT),
    file!("row.js", SCRIPT),
    file!("seat.js", SCRIPT),
    file!("signin.js", SCRIPT),
    file!("timeline.js", SCRIPT),
    file!("today.js", SCRIPT),
    file!("transcript.js", SCRIPT),
    file!("wall.js", SCRIPT),
    file!("waveform.js", SCRIPT),
    file!("words.js", SCRIPT),
];

/// The routes of the console's files. Nobody is asked for a token here.
pub(super) fn routes() -> Router<ApiState> {
    routes_of(ASSETS).route("/console", get(async || Redirect::permanent("/console/")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
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

    #[test]
    fn every_word_of_the_console_is_there_in_each_language() {
        let words = ASSETS.iter().find(|asset| asset.path == "/console/words.js").unwrap().text;
        let keys = |language: &str| -> BTreeSet<&str> {
            let from = words.find(&format!("\n  {language}: {{\n")).unwrap();
            let lines = words[from + 1..].lines().skip(1).take_while(|line| *line != "  },");
            let key = |line: &'static str| {
                let (key, _) = line.strip_prefix("    ")?.split_once(':')?;
                key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_').then_some(key)
            };
            lines.filter_map(key).collect()
        };
        assert!(keys("en").len() > 100, "{:?}", keys("en"));
        assert_eq!(keys("en"), keys("vi"));
    }
}
