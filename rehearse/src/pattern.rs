//! Patterns of words, JSON and requests: what a bot says and asks for, compared with what is expected.
use dialog::tool::HttpRequest;
use serde_json::Value as Json;

/// Texts that must occur, compared by their words: upper case and punctuation do not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    pub fn new(texts: Vec<String>) -> Self {
        Self(texts)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The texts that do not occur in what was said.
    pub fn missing<'a>(&'a self, said: &'a Said) -> impl Iterator<Item = &'a str> {
        self.texts().filter(|text| !said.has(text))
    }

    /// The texts that occur in what was said.
    pub fn found<'a>(&'a self, said: &'a Said) -> impl Iterator<Item = &'a str> {
        self.texts().filter(|text| said.has(text))
    }
}

/// What the bot said, as it is spoken and as it is read.
#[derive(Clone, Debug, Default)]
pub struct Said {
    spoken: String,
    read: String,
    /// The same as `plain` has them.
    plain_spoken: String,
    plain_read: String,
}

impl Said {
    pub fn add(&mut self, spoken: &str, read: &str) {
        append(&mut self.spoken, spoken);
        append(&mut self.read, read);
        append_plain(&mut self.plain_spoken, spoken);
        append_plain(&mut self.plain_read, read);
    }

    pub fn clear(&mut self) {
        let Self { spoken, read, plain_spoken, plain_read } = self;
        [spoken, read, plain_spoken, plain_read].into_iter().for_each(String::clear);
    }

    /// As it is spoken, clause by clause.
    pub fn text(&self) -> &str {
        &self.spoken
    }

    /// Whether these words occur in it.
    pub fn has(&self, text: &str) -> bool {
        let wanted = plain(text);
        // The words of nothing are one space.
        let holds = |said: &str| if said.is_empty() { wanted == " " } else { said.contains(&wanted) };
        holds(&self.plain_spoken) || holds(&self.plain_read)
    }

    pub fn is_match(&self, pattern: &regex_lite::Regex) -> bool {
        pattern.is_match(&self.spoken) || pattern.is_match(&self.read)
    }
}

fn append(all: &mut String, text: &str) {
    if !all.is_empty() {
        all.push(' ');
    }
    all.push_str(text);
}

/// Lower-case words between single spaces, with one before the first and one behind the last.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 2);
    append_plain(&mut plain, text);
    plain
}

/// Adds the [`plain`] words of a text to those before it.
fn append_plain(plain: &mut String, text: &str) {
    if plain.is_empty() {
        plain.push(' ');
    }
    for c in text.chars() {
        if c.is_alphanumeric() || c == '\'' {
            plain.extend(c.to_lowercase());
        } else if !plain.ends_with(' ') {
            plain.push(' ');
        }
    }
    if !plain.ends_with(' ') {
        plain.push(' ');
    }
}

/// What a JSON value must hold: all of an object's members, and everything else as it is. Numbers are compared by their value.
#[derive(Clone, Debug)]
pub struct JsonPattern(pub Json);

impl JsonPattern {
    pub fn fits(&self, json: &Json) -> bool {
        holds(json, &self.0)
    }
}

/// Whether two values are the same; numbers are compared by their value.
pub fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => one.as_f64() == other.as_f64(),
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

fn holds(json: &Json, wanted: &Json) -> bool {
    match (json, wanted) {
        (json, Json::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| json.get(name).is_some_and(|json| holds(json, wanted)))
        }
        (Json::Array(json), Json::Array(wanted)) => {
            json.len() == wanted.len() && json.iter().zip(wanted).all(|(json, wanted)| holds(json, wanted))
        }
        _ => same(json, wanted),
    }
}

/// Which requests are meant: a method and an address, or only its path with the query; `*` stands for any characters.
#[derive(Clone, Debug)]
pub struct RequestPattern {
    method: String,
    address: String,
}

impl RequestPattern {
    /// "GET /orders/*".
    pub fn parse(text: &str) -> Option<Self> {
        let (method, address) = text.trim().split_once(' ')?;
        let address = address.trim();
        let is_address = address.starts_with(['/', '*']) || address.contains("://");
        let known = ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method);
        (known && is_address).then(|| Self { method: method.to_owned(), address: address.to_owned() })
    }

    pub fn fits(&self, request: &HttpRequest) -> bool {
        let address = if self.address.starts_with('/') { path(&request.url) } else { &request.url };
        self.method == request.method.name() && like(&self.address, address)
    }

    pub fn text(&self) -> String {
        format!("{} {}", self.method, self.address)
    }
}

/// The path and the query of an address.
pub fn path(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or("/", |at| &url[host + at..])
}

/// Whether a text is like a pattern, in which `*` stands for any characters.
fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut rest = rest;
    let mut last: Option<&str> = None;
    for part in parts {
        if let Some(before) = last.replace(part) {
            let Some(at) = rest.find(before) else { return false };
            rest = &rest[at + before.len()..];
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialog::tool::Method;
    use serde_json::json;

    #[test]
    fn words_are_found_whatever_their_case_and_punctuation_and_only_whole() {
        let mut said = Said::default();
        said.add("Which city, please?", "Which city, please?");
        said.add("Quán ka ra ô kê.", "Quán karaoke.");
        for text in ["which city", "CITY PLEASE", "please quán", "karaoke", "ka ra ô kê"] {
            assert!(said.has(text), "{text}");
        }
        for text in ["it", "which please", "karaok"] {
            assert!(!said.has(text), "{text}");
        }
        let words = Words::new(vec!["city".into(), "town".into()]);
        assert_eq!(words.missing(&said).collect::<Vec<_>>(), ["town"]);
        assert_eq!(words.found(&said).collect::<Vec<_>>(), ["city"]);
    }

    #[test]
    fn json_holds_what_is_wanted_of_it() {
        let json = json!({ "people": 2, "place": "boston", "list": [{ "a": 1, "b": 2 }] });
        for (wanted, fits) in [
            (json!({}), true),
            (json!({ "people": 2.0 }), true),
            (json!({ "list": [{ "a": 1 }] }), true),
            (json!({ "people": 3 }), false),
            (json!({ "time": null }), false),
            (json!({ "list": [] }), false),
        ] {
            assert_eq!(JsonPattern(wanted.clone()).fits(&json), fits, "{wanted}");
        }
        assert!(!same(&json!({ "a": 1 }), &json!({ "a": 1, "b": 2 })), "all of it is compared");
    }

    #[test]
    fn requests_are_known_by_method_and_path() {
        let request = |url: &str| HttpRequest { method: Method::Get, url: url.into(), body: None };
        let one = request("http://127.0.0.1:9000/free?day=2026-12-04&time=15%3A00");
        for (pattern, fits) in [
            ("GET /free?day=2026-12-04&time=15%3A00", true),
            ("GET /free*", true),
            ("GET /free?*time=15*", true),
            ("GET *", true),
            ("GET http://127.0.0.1:9000/*", true),
            ("POST /free*", false),
            ("GET /free", false),
            ("GET /free?*time=14*", false),
            ("GET http://localhost/*", false),
        ] {
            assert_eq!(RequestPattern::parse(pattern).expect("a pattern").fits(&one), fits, "{pattern}");
        }
        assert!(RequestPattern::parse("free").is_none() && RequestPattern::parse("get /free").is_none());
        assert_eq!(path("http://127.0.0.1:1"), "/");
    }
}
