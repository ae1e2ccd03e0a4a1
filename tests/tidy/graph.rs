//! The graph that the imports draw: which module uses which, where they use each other in a circle, and which arrows must not be.
use crate::source::Source;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What may not use what, with everything within both.
pub const NO_ARROWS: [(&str, &str); 5] = [
    ("switchboard::call", "switchboard::api"),
    ("switchboard::store", "switchboard::observe"),
    ("switchboard::config", "switchboard::widget"),
    ("switchboard::plans", "switchboard::api"),
    ("switchboard::widget", "telephony::sip"),
];

/// Those of [`NO_ARROWS`] that are still there. The list may only shrink.
pub const ARROWS: [(&str, &str); 0] = [];

/// Circles between the files of one folder. The list may only shrink.
pub const CIRCLES: [&str; 4] = [
    "media::asr::pocketsphinx: acoustic graph",
    "media::asr::pocketsphinx: decoder search",
    "media::asr::pocketsphinx: jsgf network",
    "telephony::sip: call core invite leave replace socket trunk",
];

/// What stands for a crate's `lib.rs` among its modules.
const ROOT: &str = "lib.rs";

/// The modules of all crates by their paths (`media::engine::slot`), and their arrows.
pub struct Graph {
    modules: BTreeMap<Path, Module>,
    /// From whom to whom, and the first line that says so.
    arrows: BTreeMap<(Path, Path), String>,
}

type Path = Vec<String>;

#[derive(Default)]
struct Module {
    imports: Vec<Import>,
    mentions: Vec<Mention>,
}

/// What one leaf of a `use` brings into a module.
#[derive(Debug, PartialEq)]
struct Import {
    path: Path,
    /// The name it has here; `None` for everything (`*`).
    name: Option<String>,
    public: bool,
    place: String,
}

/// A path in code.
struct Mention {
    path: Path,
    place: String,
}

/// Modules of one level that use each other in a circle.
pub struct Circle {
    /// The module they are in and what they are called there.
    pub name: String,
    /// Each arrow of the circle with a line that draws it.
    arrows: Vec<String>,
}

impl Circle {
    /// Whether all of it is in a circle of [`CIRCLES`].
    pub fn is_within(&self, known: &str) -> bool {
        let (level, members) = known.split_once(": ").unwrap_or_default();
        let members: Vec<&str> = members.split(' ').collect();
        let own = self.name.split_once(": ");
        own.is_some_and(|(own, names)| own == level && names.split(' ').all(|name| members.contains(&name)))
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\"{}\"", self.name)?;
        self.arrows.iter().try_for_each(|arrow| writeln!(f, "    {arrow}"))
    }
}

impl Graph {
    /// Reads the sources in the `src` of each of `crates`; tests draw no arrows.
    pub fn new(sources: &[Source], crates: &[&str]) -> Self {
        let mut modules = BTreeMap::new();
        for source in sources.iter().filter(|source| !source.of_tests) {
            let Some(path) = crates.iter().find_map(|dir| module_path(dir, &source.name)) else { continue };
            modules.insert(path, read(source));
        }
        let mut graph = Self { modules, arrows: BTreeMap::new() };
        graph.draw();
        graph
    }

    pub fn len(&self) -> usize {
        self.modules.len()
    }

    fn draw(&mut self) {
        let mut arrows = BTreeMap::new();
        for (from, module) in &self.modules {
            for import in &module.imports {
                let Some(to) = self.resolve(from, &import.path, 0) else { continue };
                // A module that hands on what is within it does not use it. One that is brought in by its name alone is
                // used where something of it is mentioned.
                let hands_on = import.public && to.module.len() > from.len() && to.module.starts_with(from);
                if (to.item || import.name.is_none()) && !hands_on && to.module != *from {
                    arrows.entry((from.clone(), to.module)).or_insert_with(|| import.place.clone());
                }
            }
            for mention in &module.mentions {
                let Some(to) = self.resolve(from, &mention.path, 0).filter(|to| to.item) else { continue };
                if to.module != *from {
                    arrows.entry((from.clone(), to.module)).or_insert_with(|| mention.place.clone());
                }
            }
        }
        self.arrows = arrows;
    }

    /// Whose item a path names, seen from `from`. `None` for what is not ours.
    fn resolve(&self, from: &[String], path: &[String], depth: usize) -> Option<Target> {
        // Deeper than any chain of names handed on: a circle of them.
        if depth > 16 {
            return None;
        }
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => return self.descend(&from[..1], rest, depth),
            "self" if rest.first().is_some_and(|next| next == "super") => return self.resolve(from, rest, depth),
            "self" => return self.descend(from, rest, depth),
            "super" => {
                let parent = from.get(..from.len().checked_sub(1)?)?;
                let again = rest.first().is_some_and(|next| next == "super");
                return if again { self.resolve(parent, rest, depth) } else { self.descend(parent, rest, depth) };
            }
            _ => {}
        }
        if self.modules.contains_key(&[from, &path[..1]].concat()) {
            return self.descend(from, path, depth);
        }
        let imports = self.modules.get(from).map_or(&[][..], |module| &module.imports);
        match imports.iter().find(|import| import.name.as_ref() == Some(first) && import.path.first() != Some(first)) {
            Some(import) => self.resolve(from, &[&import.path[..], rest].concat(), depth + 1),
            // The name of a crate.
            None => self.descend(&path[..1], rest, depth),
        }
    }

    /// From the module `at` on: into modules within, and after what it hands on from elsewhere.
    fn descend(&self, at: &[String], rest: &[String], depth: usize) -> Option<Target> {
        let module = self.modules.get(at)?;
        let own = |item| Some(Target { module: at.to_vec(), item });
        let Some((next, more)) = rest.split_first() else { return own(false) };
        let within = [at, &rest[..1]].concat();
        if self.modules.contains_key(&within) {
            return self.descend(&within, more, depth);
        }
        // What is not ours but handed on by us (`pub use bytes::Bytes`) counts as an item of the module that hands it on.
        match module.imports.iter().find(|import| import.name.as_ref() == Some(next)) {
            Some(import) => self.resolve(at, &[&import.path[..], more].concat(), depth + 1).or(own(true)),
            None => own(true),
        }
    }

    /// The lines by which `from` or what is within it uses `to` or what is within it.
    pub fn arrows(&self, from: &str, to: &str) -> Vec<String> {
        let path = |text: &str| text.split("::").map(str::to_owned).collect::<Path>();
        let (from, to) = (path(from), path(to));
        let between = self.arrows.iter().filter(|((a, b), _)| a.starts_with(&from) && b.starts_with(&to));
        between.map(|((a, b), place)| format!("{} -> {}: {place}", a.join("::"), b.join("::"))).collect()
    }

    /// Every circle, on every level: between the modules of a crate and between those within each module.
    pub fn circles(&self) -> Vec<Circle> {
        // Each arrow belongs to the innermost module that holds both its ends, and joins what is directly within that.
        let mut levels: BTreeMap<Path, BTreeMap<(String, String), &str>> = BTreeMap::new();
        for ((from, to), place) in &self.arrows {
            let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
            // A module and what is within it are one: `super::Fault` draws nothing. A crate's root stands for itself.
            let within = shared == from.len() || shared == to.len();
            if shared == 1 || shared > 1 && !within {
                let name = |path: &Path| path.get(shared).map_or(ROOT, String::as_str).to_owned();
                let level = levels.entry(from[..shared].to_vec()).or_default();
                level.entry((name(from), name(to))).or_insert(place);
            }
        }
        let mut found = Vec::new();
        for (level, arrows) in levels {
            for members in circles_of(&arrows) {
                let names = members.iter().copied().collect::<Vec<_>>().join(" ");
                let inside =
                    arrows.iter().filter(|((a, b), _)| members.contains(a.as_str()) && members.contains(b.as_str()));
                let arrows = inside.map(|((from, to), place)| format!("{from} -> {to}: {place}")).collect();
                found.push(Circle { name: format!("{}: {names}", level.join("::")), arrows });
            }
        }
        found
    }
}

struct Target {
    module: Path,
    /// Something in that module, or the module by its name.
    item: bool,
}

/// The groups whose members all reach each other.
fn circles_of<T>(arrows: &BTreeMap<(String, String), T>) -> Vec<BTreeSet<&str>> {
    let reach = |from: &str| {
        let (mut reached, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(at) = open.pop() {
            let next = arrows.keys().filter(|(a, _)| *a == at).map(|(_, b)| b.as_str());
            open.extend(next.filter(|next| reached.insert(*next)).map(str::to_owned));
        }
        reached
    };
    let names: BTreeSet<&str> = arrows.keys().flat_map(|(a, b)| [a.as_str(), b.as_str()]).collect();
    let reached: BTreeMap<&str, BTreeSet<&str>> = names.iter().map(|name| (*name, reach(name))).collect();
    let mut groups: Vec<BTreeSet<&str>> = Vec::new();
    for name in names.iter().filter(|name| reached[*name].contains(*name)) {
        let group: BTreeSet<&str> =
            reached[name].iter().copied().filter(|other| reached[other].contains(name)).collect();
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
}

/// `media/src/engine/slot.rs` is `media::engine::slot`; a crate's `lib.rs` is the crate, and its `main.rs` a module of it.
fn module_path(crate_dir: &str, file: &str) -> Option<Path> {
    let (name, prefix) = match crate_dir {
        "." => ("switchboard", "src/".to_owned()),
        dir => (dir, format!("{dir}/src/")),
    };
    let inner = file.strip_prefix(&prefix)?.strip_suffix(".rs")?;
    let parts = inner.split('/').filter(|part| !matches!(*part, "mod" | "lib"));
    Some(std::iter::once(name).chain(parts).map(str::to_owned).collect())
}

/// The imports and the paths of a file.
fn read(source: &Source) -> Module {
    let tokens = tokens(source);
    let (mut module, mut at, mut public) = (Module::default(), 0, false);
    while at < tokens.len() {
        let place = source.quote(tokens[at].line);
        match tokens[at].text.as_str() {
            // `impl Trait + use<'a>` imports nothing.
            "use" if tokens.get(at + 1).is_some_and(|next| next.text != "<") => {
                at += 1;
                if tokens[at].text == "::" {
                    at += 1;
                }
                at = tree(&tokens, at, &mut Vec::new(), &mut |path, name| {
                    module.imports.push(Import { path: path.to_vec(), name, public, place: place.clone() });
                });
            }
            "pub" => {
                public = true;
                at += 1;
                // `pub(crate)`, `pub(in crate::call)`
                if tokens.get(at).is_some_and(|next| next.text == "(") {
                    at = tokens[at..]
                        .iter()
                        .position(|token| token.text == ")")
                        .map_or(tokens.len(), |end| at + end + 1);
                }
                continue;
            }
            word if is_name(word) => {
                let mut path = vec![word.to_owned()];
                let start = at;
                while tokens.get(at + 1).is_some_and(|next| next.text == "::")
                    && tokens.get(at + 2).is_some_and(|next| is_name(&next.text))
                {
                    path.push(tokens[at + 2].text.clone());
                    at += 2;
                }
                let before = start.checked_sub(1).map(|before| tokens[before].text.as_str());
                if path.len() > 1 && !matches!(before, Some("::" | ".")) {
                    module.mentions.push(Mention { path, place });
                }
                at += 1;
            }
            _ => at += 1,
        }
        public = false;
    }
    module
}

/// One tree of a `use`, from after the `use` or the `::` before it. Returns where it ends.
fn tree(tokens: &[Token], mut at: usize, path: &mut Path, found: &mut impl FnMut(&[String], Option<String>)) -> usize {
    let outer = path.len();
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token.text.as_str() {
            "{" => {
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    at = tree(tokens, at, path, found);
                    if tokens.get(at).is_some_and(|token| token.text == ",") {
                        at += 1;
                    }
                }
                at += 1;
                break;
            }
            "*" => {
                found(path, None);
                break;
            }
            word => {
                // `a::{self}` is `a`.
                if word != "self" || path.is_empty() {
                    path.push(word.to_owned());
                }
                match tokens.get(at).map(|next| next.text.as_str()) {
                    Some("::") => at += 1,
                    Some("as") => {
                        found(path, tokens.get(at + 1).map(|name| name.text.clone()));
                        at += 2;
                        break;
                    }
                    _ => {
                        found(path, path.last().cloned());
                        break;
                    }
                }
            }
        }
    }
    path.truncate(outer);
    at
}

struct Token {
    text: String,
    line: usize,
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::` and single signs of the code.
fn tokens(source: &Source) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (line, code) in source.code.iter().enumerate() {
        let mut rest = code.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let len = if word > 0 {
                word
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            tokens.push(Token { text: rest[..len].to_owned(), line });
            rest = rest[len..].trim_start();
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(files: &[(&str, &str)]) -> Graph {
        let sources: Vec<Source> = files.iter().map(|(name, text)| Source::new(name, text)).collect();
        Graph::new(&sources, &[".", "media", "telephony"])
    }

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        graph(files).circles().into_iter().map(|circle| circle.name).collect()
    }

    #[test]
    fn every_leaf_of_a_use_is_an_import_and_every_path_a_mention() {
        let text = "pub(crate) use a::{self, b::{C, D as E}, f::*};\nuse crate::g;\nfn h() -> impl I + use<'_> { \
            crate::j::k::<L>(); x.m(); <N as O>::p(); super::q!() }\n// use crate::r;\nlet s = \"crate::t::u\";";
        let module = read(&Source::new("media/src/x.rs", text));
        let imports: Vec<_> = module.imports.iter().map(|i| (i.path.join("::"), i.name.as_deref(), i.public)).collect();
        let named = |path: &str, name, public| (path.to_owned(), name, public);
        assert_eq!(
            imports,
            [
                named("a", Some("a"), true),
                named("a::b::C", Some("C"), true),
                named("a::b::D", Some("E"), true),
                named("a::f", None, true),
                named("crate::g", Some("g"), false),
            ]
        );
        assert!(module.imports[4].place.starts_with("media/src/x.rs:2: "));
        let mentions: Vec<_> = module.mentions.iter().map(|mention| mention.path.join("::")).collect();
        assert_eq!(mentions, ["crate::j::k", "super::q"]);
    }

    #[test]
    fn a_circle_is_found_by_use_by_path_and_through_names_handed_on() {
        let lib = ("media/src/lib.rs", "pub mod a; pub mod b;");
        let a = ("media/src/a.rs", "use crate::b::B;");
        for b in ["use crate::a::A;", "fn f() { crate::a::f(); }", "use super::a; fn f() { a::f(); }", "use crate::A;"]
        {
            let lib = (lib.0, "pub mod a; pub mod b; pub use a::A;");
            assert_eq!(circles(&[lib, a, ("media/src/b.rs", b)]), ["media: a b"], "{b}");
        }
        for b in [
            "",
            "use super::a;",
            "// use crate::a::A;",
            "#[cfg(test)]\nmod tests { use crate::a::A; }",
            "use bytes::A;",
        ] {
            assert!(circles(&[lib, a, ("media/src/b.rs", b)]).is_empty(), "{b}");
        }
        assert!(circles(&[lib, a, ("media/src/b/tests.rs", "use crate::a::A;")]).is_empty());
    }

    #[test]
    fn a_circle_belongs_to_the_innermost_module_that_holds_it() {
        let lib = ("src/lib.rs", "pub mod call; pub mod store;");
        let files = |talk: &'static str, row: &'static str| {
            [
                lib,
                ("src/call/mod.rs", "pub struct Id;"),
                ("src/call/talk.rs", talk),
                ("src/call/end.rs", "use super::talk::T;"),
                ("src/store/mod.rs", ""),
                ("src/store/row.rs", row),
            ]
        };
        assert_eq!(circles(&files("use super::end::E;", "")), ["switchboard::call: end talk"]);
        assert_eq!(
            circles(&files("use crate::store::row::R;", "use crate::call::end::E;")),
            ["switchboard: call store"]
        );
        // The same from the other crate by its name: `main.rs` uses, and is used by nobody.
        assert!(circles(&[lib, ("src/main.rs", "use switchboard::call::Id;"), ("src/call/mod.rs", "")]).is_empty());
        // A module and one within it are one, a crate and its modules are not.
        let parent = ("src/call/mod.rs", "mod talk; use talk::T; pub struct Id;");
        assert!(circles(&[lib, parent, ("src/call/talk.rs", "use super::Id;")]).is_empty());
        let store = ("src/store/mod.rs", "use crate::Id;");
        let root = ("src/lib.rs", "pub mod store; use store::S; pub struct Id;");
        assert_eq!(circles(&[root, store]), ["switchboard: lib.rs store"]);
        let facade = ("src/lib.rs", "pub mod store; pub use store::S; pub struct Id;");
        assert!(circles(&[facade, store]).is_empty());
    }

    #[test]
    fn arrows_are_known_across_crates_and_through_names_handed_on() {
        let graph = graph(&[
            ("src/lib.rs", "pub mod widget;"),
            ("src/widget/mod.rs", "mod door;"),
            ("src/widget/door.rs", "use telephony::Network;\nfn f(rate: media::Rate) {}"),
            ("telephony/src/lib.rs", "pub mod sip; pub use sip::Network;"),
            ("telephony/src/sip/mod.rs", "pub struct Network;"),
            ("media/src/lib.rs", "pub struct Rate;"),
        ]);
        let found = graph.arrows("switchboard::widget", "telephony::sip");
        assert_eq!(
            found,
            ["switchboard::widget::door -> telephony::sip: src/widget/door.rs:1: use telephony::Network;"]
        );
        assert_eq!(graph.arrows("switchboard", "media").len(), 1);
        assert!(
            graph.arrows("media", "switchboard").is_empty() && graph.arrows("switchboard::call", "media").is_empty()
        );
    }
}
