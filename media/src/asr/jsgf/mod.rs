//! JSGF (JSpeech Grammar Format, W3C note of 2000) into the smallest automaton that accepts the same sentences.
//!
//! The decoder's cost grows with the states of its network, and a compiler that copies a rule at every use makes many; the
//! minimal automaton of a booking grammar has a fraction of them. Weights count at the public rule's own alternatives (see
//! `pocketsphinx::network`) and are read over elsewhere, as tags are; imports and recursion are refused.
mod transition;

use std::collections::{BTreeMap, BTreeSet, HashMap};
pub use transition::Transition;

#[derive(Clone, Debug)]
enum Node {
    Word(String),
    Rule(String),
    All(Vec<Node>),
    Any(Vec<Node>),
    Maybe(Box<Node>),
    /// One or more times.
    Many(Box<Node>),
    /// An alternative with a weight.
    Weighed(f64, Box<Node>),
    /// `<NULL>` and `<VOID>`.
    Empty,
    Never,
}

/// The bound of the automaton; beyond it a grammar is refused.
const STATES: usize = 20_000;
/// The bound on rules inside rules and brackets inside brackets.
const DEPTH: usize = 64;

/// A deterministic automaton over words; state 0 is the start.
#[derive(Clone, Debug, PartialEq)]
pub struct Automaton {
    words: Vec<String>,
    /// Per state: word (by its place in `words`) → state.
    steps: Vec<BTreeMap<u32, u32>>,
    ends: Vec<bool>,
}

impl Automaton {
    /// Reads a grammar with one public rule; `Err` says what is wrong with it. One automaton for each weight that the
    /// public rule's alternatives have, the likeliest first; the weights are relative to the first one's.
    pub fn parse(jsgf: &str) -> Result<Vec<(f64, Self)>, String> {
        let tokens = tokens(jsgf)?;
        let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
        let (rules, public) = parser.rules()?;
        let mut alternatives = match rules.get(&public) {
            Some(Node::Any(alternatives)) => alternatives.clone(),
            Some(alternative) => vec![alternative.clone()],
            None => Vec::new(),
        };
        let weight = |alternative: &Node| if let Node::Weighed(weight, _) = alternative { *weight } else { 1.0 };
        alternatives.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        let first = alternatives.first().map_or(1.0, weight);
        let build = |alternatives: &[Node]| {
            let mut automaton = NondeterministicAutomaton {
                rules: &rules,
                words: Vec::new(),
                places: HashMap::new(),
                arcs: vec![Vec::new()],
            };
            // The public rule is inside itself: one that uses itself is found.
            let end = automaton.build(&Node::Any(alternatives.to_vec()), 0, &mut vec![public.clone()])?;
            automaton.determine(0, end).map(Self::minimal)
        };
        alternatives
            .chunk_by(|a, b| weight(a) == weight(b))
            .map(|alternatives| Ok((weight(&alternatives[0]) / first, build(alternatives)?)))
            .collect()
    }

    /// Every word of the grammar, once.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// How many states it has.
    pub fn states(&self) -> usize {
        self.steps.len()
    }

    /// The words that may follow in a state, each with the state behind it.
    pub fn steps(&self, state: u32) -> impl Iterator<Item = (&str, u32)> {
        let steps = self.steps.get(state as usize).into_iter().flatten();
        steps.map(|(&word, &to)| (self.words[word as usize].as_str(), to))
    }

    /// Whether a sentence may end in a state.
    pub fn is_end(&self, state: u32) -> bool {
        self.ends.get(state as usize).is_some_and(|&end| end)
    }

    pub fn accepts(&self, sentence: &str) -> bool {
        let mut state = 0;
        for word in sentence.split_whitespace() {
            let Some(word) = self.words.iter().position(|w| w == word) else { return false };
            let Some(&next) = self.steps[state].get(&(word as u32)) else { return false };
            state = next as usize;
        }
        self.ends[state]
    }

    /// Adds the automaton to a network: its states are numbered from `first` on, `last` is where all sentences end.
    /// Returns the next free number.
    pub fn write(&self, out: &mut Vec<Transition>, first: usize, last: usize) -> usize {
        for (from, (steps, end)) in (first..).zip(self.steps.iter().zip(&self.ends)) {
            for (&word, &to) in steps {
                let word = Some(self.words[word as usize].clone());
                out.push(Transition { from, to: first + to as usize, word, weight: 1.0 });
            }
            if *end {
                out.push(Transition { from, to: last, word: None, weight: 1.0 });
            }
        }
        first + self.steps.len()
    }

    /// Moore's partition refinement.
    fn minimal(self) -> Self {
        let mut class: Vec<u32> = self.ends.iter().map(|&end| u32::from(end)).collect();
        let mut count = 0;
        loop {
            let mut seen: HashMap<(u32, Vec<(u32, u32)>), u32> = HashMap::new();
            let next: Vec<u32> = (0..self.steps.len())
                .map(|s| {
                    let arcs = self.steps[s].iter().map(|(&word, &to)| (word, class[to as usize])).collect();
                    let fresh = seen.len() as u32;
                    *seen.entry((class[s], arcs)).or_insert(fresh)
                })
                .collect();
            let now = seen.len();
            class = next;
            if now == count {
                break;
            }
            count = now;
        }
        // State 0 is seen first and stays state 0.
        let mut steps = vec![BTreeMap::new(); count];
        let mut ends = vec![false; count];
        for (s, &c) in class.iter().enumerate() {
            ends[c as usize] = self.ends[s];
            steps[c as usize] = self.steps[s].iter().map(|(&word, &to)| (word, class[to as usize])).collect();
        }
        Self { words: self.words, steps, ends }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Rule(String),
    Weight(f64),
    Sign(char),
}

fn tokens(jsgf: &str) -> Result<Vec<Token>, String> {
    let body = jsgf.trim_start_matches('\u{feff}').trim_start();
    let body = match body.strip_prefix("#JSGF") {
        Some(rest) => rest.split_once(';').ok_or("the header `#JSGF V1.0;` has no end")?.1,
        None => body,
    };
    let (mut out, mut rest) = (Vec::new(), body);
    while let Some(c) = rest.chars().next() {
        let after = |close: &str, skip: usize| {
            rest[skip..].split_once(close).ok_or_else(|| format!("`{c}` is opened and never closed by `{close}`"))
        };
        rest = match c {
            c if c.is_whitespace() => &rest[c.len_utf8()..],
            '/' if rest.starts_with("//") => rest.split_once('\n').map_or("", |(_, tail)| tail),
            '/' if rest.starts_with("/*") => after("*/", 2)?.1,
            '/' => {
                let (weight, tail) = after("/", 1)?;
                let weight = weight.trim().parse().ok().filter(|weight| (1e-30..=1e30).contains(weight));
                out.push(Token::Weight(weight.ok_or("a weight between slashes has to be a number above 0")?));
                tail
            }
            // A tag.
            '{' => after("}", 1)?.1,
            '<' => {
                let (name, tail) = after(">", 1)?;
                out.push(Token::Rule(name.trim().to_owned()));
                tail
            }
            '"' => {
                let (words, tail) = after("\"", 1)?;
                out.extend(words.split_whitespace().map(|word| Token::Word(word.to_owned())));
                tail
            }
            '(' | ')' | '[' | ']' | '|' | '*' | '+' | ';' | '=' => {
                out.push(Token::Sign(c));
                &rest[1..]
            }
            _ => {
                let end =
                    rest.find(|c: char| c.is_whitespace() || "/{<\"()[]|*+;=>}".contains(c)).unwrap_or(rest.len());
                if end == 0 {
                    return Err(format!("`{c}` stands where it means nothing"));
                }
                out.push(Token::Word(rest[..end].to_owned()));
                &rest[end..]
            }
        };
    }
    Ok(out)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, sign: char) -> Result<(), String> {
        if self.take(sign) { Ok(()) } else { Err(format!("`{sign}` is missing before {:?}", self.peek())) }
    }

    fn rules(&mut self) -> Result<(HashMap<String, Node>, String), String> {
        let (mut rules, mut public) = (HashMap::new(), None);
        while let Some(token) = self.peek().cloned() {
            self.at += 1;
            let (name, open) = match token {
                Token::Rule(name) => (name, false),
                Token::Word(word) if word == "public" => match self.peek().cloned() {
                    Some(Token::Rule(name)) => {
                        self.at += 1;
                        (name, true)
                    }
                    other => return Err(format!("a rule's name is missing after `public`, before {other:?}")),
                },
                Token::Word(word) if word == "grammar" => {
                    self.at += 1;
                    self.need(';')?;
                    continue;
                }
                other => return Err(format!("{other:?} stands where a rule should begin")),
            };
            self.need('=')?;
            let node = self.any()?;
            self.need(';')?;
            if open && public.replace(name.clone()).is_some() {
                return Err("more than one rule is public".into());
            }
            if rules.insert(name.clone(), node).is_some() {
                return Err(format!("rule <{name}> is defined twice"));
            }
        }
        Ok((rules, public.ok_or("no rule is public")?))
    }

    fn any(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("brackets are nested too deep".into());
        }
        let mut alternatives = vec![self.all()?];
        while self.take('|') {
            alternatives.push(self.all()?);
        }
        self.depth -= 1;
        Ok(if alternatives.len() == 1 { alternatives.remove(0) } else { Node::Any(alternatives) })
    }

    fn all(&mut self) -> Result<Node, String> {
        if let Some(&Token::Weight(weight)) = self.peek() {
            self.at += 1;
            return Ok(Node::Weighed(weight, Box::new(self.all()?)));
        }
        let mut parts = Vec::new();
        loop {
            let part = match self.peek().cloned() {
                Some(Token::Word(word)) => {
                    self.at += 1;
                    Node::Word(word)
                }
                Some(Token::Rule(name)) => {
                    self.at += 1;
                    match name.as_str() {
                        "NULL" => Node::Empty,
                        "VOID" => Node::Never,
                        _ => Node::Rule(name),
                    }
                }
                Some(Token::Sign('(')) => {
                    self.at += 1;
                    let node = self.any()?;
                    self.need(')')?;
                    node
                }
                Some(Token::Sign('[')) => {
                    self.at += 1;
                    let node = self.any()?;
                    self.need(']')?;
                    Node::Maybe(Box::new(node))
                }
                other if parts.is_empty() => return Err(format!("words are missing before {other:?}")),
                _ => return Ok(if parts.len() == 1 { parts.remove(0) } else { Node::All(parts) }),
            };
            parts.push(match () {
                () if self.take('*') => Node::Maybe(Box::new(Node::Many(Box::new(part)))),
                () if self.take('+') => Node::Many(Box::new(part)),
                () => part,
            });
        }
    }
}

/// Thompson's construction: arcs with a word, or with none.
struct NondeterministicAutomaton<'a> {
    rules: &'a HashMap<String, Node>,
    words: Vec<String>,
    places: HashMap<String, u32>,
    arcs: Vec<Vec<(Option<u32>, u32)>>,
}

impl NondeterministicAutomaton<'_> {
    fn state(&mut self) -> Result<u32, String> {
        if self.arcs.len() > 20 * STATES {
            return Err("it is too large".into());
        }
        self.arcs.push(Vec::new());
        Ok(self.arcs.len() as u32 - 1)
    }

    fn arc(&mut self, from: u32, word: Option<u32>, to: u32) {
        self.arcs[from as usize].push((word, to));
    }

    /// Adds `node` after state `from`; returns the state behind it.
    fn build(&mut self, node: &Node, from: u32, inside: &mut Vec<String>) -> Result<u32, String> {
        match node {
            Node::Word(word) => {
                let fresh = self.words.len() as u32;
                let place = *self.places.entry(word.clone()).or_insert(fresh);
                if place == fresh {
                    self.words.push(word.clone());
                }
                let to = self.state()?;
                self.arc(from, Some(place), to);
                Ok(to)
            }
            Node::Rule(name) => {
                if inside.contains(name) {
                    return Err(format!("rule <{name}> uses itself"));
                }
                if inside.len() >= DEPTH {
                    return Err("rules are nested too deep".into());
                }
                let rules = self.rules;
                let body = rules.get(name).ok_or_else(|| format!("rule <{name}> is used and not defined"))?;
                inside.push(name.clone());
                let to = self.build(body, from, inside)?;
                inside.pop();
                Ok(to)
            }
            Node::All(parts) => parts.iter().try_fold(from, |at, part| self.build(part, at, inside)),
            Node::Any(alternatives) => {
                let to = self.state()?;
                for alternative in alternatives {
                    // Each alternative starts at a state of its own: a loop inside it must not leak into the others.
                    let start = self.state()?;
                    self.arc(from, None, start);
                    let end = self.build(alternative, start, inside)?;
                    self.arc(end, None, to);
                }
                Ok(to)
            }
            Node::Maybe(part) => {
                let end = self.build(part, from, inside)?;
                let to = self.state()?;
                self.arc(from, None, to);
                self.arc(end, None, to);
                Ok(to)
            }
            Node::Many(part) => {
                let start = self.state()?;
                self.arc(from, None, start);
                let end = self.build(part, start, inside)?;
                self.arc(end, None, start);
                let to = self.state()?;
                self.arc(end, None, to);
                Ok(to)
            }
            Node::Weighed(_, node) => self.build(node, from, inside),
            Node::Empty => Ok(from),
            Node::Never => self.state(),
        }
    }

    fn closure(&self, states: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
        let mut stack: Vec<u32> = states.into_iter().collect();
        let mut out = BTreeSet::new();
        while let Some(state) = stack.pop() {
            if out.insert(state) {
                stack.extend(self.arcs[state as usize].iter().filter(|(word, _)| word.is_none()).map(|(_, to)| *to));
            }
        }
        out
    }

    /// The subset construction.
    fn determine(self, start: u32, end: u32) -> Result<Automaton, String> {
        let first = self.closure([start]);
        let mut known = HashMap::from([(first.clone(), 0_u32)]);
        let (mut todo, mut steps, mut ends) = (vec![first], Vec::<BTreeMap<u32, u32>>::new(), Vec::new());
        while let Some(set) = todo.get(steps.len()).cloned() {
            let mut moves: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
            for &state in &set {
                for &(word, to) in &self.arcs[state as usize] {
                    if let Some(word) = word {
                        moves.entry(word).or_default().insert(to);
                    }
                }
            }
            let mut arcs = BTreeMap::new();
            for (word, to) in moves {
                let to = self.closure(to);
                let fresh = known.len() as u32;
                let place = *known.entry(to.clone()).or_insert(fresh);
                if place == fresh {
                    if known.len() > STATES {
                        return Err("it is too large".into());
                    }
                    todo.push(to);
                }
                arcs.insert(word, place);
            }
            ends.push(set.contains(&end));
            steps.push(arcs);
        }
        if !ends.contains(&true) || self.words.is_empty() {
            return Err("it accepts no words".into());
        }
        Ok(Automaton { words: self.words, steps, ends })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(jsgf: &str) -> Automaton {
        let mut all = Automaton::parse(jsgf).unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0).1
    }

    const BOOKING: &str = "#JSGF V1.0; grammar g; // a comment
        public <turn> = [please] (<order> | <people>) {tag} [please];
        <order> = /3/ book (a | the) room [<people>] ; /* and */
        <people> = for <n> people; <n> = one | two | twenty [<n1>]; <n1> = one | two;";

    #[test]
    fn it_accepts_what_the_grammar_allows_and_nothing_else() {
        let automaton = one(BOOKING);
        for good in ["book a room", "please book the room for twenty two people please", "for two people"] {
            assert!(automaton.accepts(good), "{good}");
        }
        for bad in ["", "book room", "for people", "for two twenty people", "book a room please please"] {
            assert!(!automaton.accepts(bad), "{bad}");
        }
        assert_eq!(automaton.words().len(), 10);
    }

    #[test]
    fn repetition_and_silence_about_a_word_are_understood() {
        let automaton = one("public <d> = (one | two)+ [stop] | again* now;");
        for good in ["one", "two one two stop", "now", "again again now"] {
            assert!(automaton.accepts(good), "{good}");
        }
        for bad in ["stop", "one now", "again", "again one"] {
            assert!(!automaton.accepts(bad), "{bad}");
        }
    }

    #[test]
    fn shared_endings_are_shared_states() {
        let automaton = one("public <a> = (a x y) | (b x y) | (c x y);");
        assert_eq!(automaton.states(), 4);
    }

    #[test]
    fn a_broken_grammar_says_what_is_wrong() {
        for (jsgf, why) in [
            ("<a> = b;", "no rule is public"),
            ("public <a> = <b>;", "not defined"),
            ("public <a> = b <a>;", "uses itself"),
            ("public <a> = (b;", "`)` is missing"),
            ("public <a> = b", "`;` is missing"),
            ("public <a> = | b;", "words are missing"),
            ("public <a> = <NULL>;", "accepts no words"),
            ("public <a> = \"b;", "never closed"),
            ("public <a> = /b/ c;", "a number above 0"),
        ] {
            let error = Automaton::parse(jsgf).unwrap_err();
            assert!(error.contains(why), "{jsgf}: {error}");
        }
        assert!(Automaton::parse(&format!("public <a> = {}b;", "(".repeat(10_000))).is_err());
    }
}
