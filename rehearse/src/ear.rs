//! What a bot heard against what its caller said: both word by word beside each other.

/// What a caller said by voice, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ear {
    pub said: String,
    /// The words that the bot took for it; none: it understood nothing.
    pub heard: String,
}

/// One place of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Same(String),
    /// `said` or `heard` is empty where a word is missing or was added.
    Other {
        said: String,
        heard: String,
    },
}

impl Ear {
    /// Both beside each other, with as few differences as possible.
    pub fn places(&self) -> Vec<Place> {
        let (said, heard) = (words(&self.said), words(&self.heard));
        let costs = costs(&said, &heard);
        let (mut at, mut of, mut places) = (said.len(), heard.len(), Vec::new());
        while at > 0 || of > 0 {
            let cost = costs[at][of];
            if at > 0 && of > 0 && cost == costs[at - 1][of - 1] + u32::from(said[at - 1] != heard[of - 1]) {
                (at, of) = (at - 1, of - 1);
                places.push(if said[at] == heard[of] {
                    Place::Same(said[at].clone())
                } else {
                    Place::Other { said: said[at].clone(), heard: heard[of].clone() }
                });
            } else if at > 0 && cost == costs[at - 1][of] + 1 {
                at -= 1;
                places.push(Place::Other { said: said[at].clone(), heard: String::new() });
            } else {
                of -= 1;
                places.push(Place::Other { said: String::new(), heard: heard[of].clone() });
            }
        }
        places.reverse();
        places
    }

    /// Words that were heard otherwise, missed or added.
    pub fn wrong(&self) -> usize {
        self.places().iter().filter(|place| matches!(place, Place::Other { .. })).count()
    }

    /// Words that were said.
    pub fn words(&self) -> usize {
        words(&self.said).len()
    }

    /// Two lines whose words stand below each other; what is the same stands in the first alone.
    pub fn lines(&self) -> [String; 2] {
        let (mut above, mut below) = (String::new(), String::new());
        for place in self.places() {
            let (said, heard) = match &place {
                Place::Same(word) => (word.as_str(), "·"),
                Place::Other { said, heard } => (or_dash(said), or_dash(heard)),
            };
            let width = said.chars().count().max(heard.chars().count());
            for (line, word) in [(&mut above, said), (&mut below, heard)] {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&format!("{word:<width$}"));
            }
        }
        [above, below].map(|line| line.trim_end().to_owned())
    }
}

fn or_dash(word: &str) -> &str {
    if word.is_empty() { "–" } else { word }
}

/// Lower-case words without punctuation.
fn words(text: &str) -> Vec<String> {
    let word =
        |word: &str| word.chars().filter(|c| c.is_alphanumeric() || *c == '\'').collect::<String>().to_lowercase();
    text.split(|c: char| c.is_whitespace() || c == '-').map(word).filter(|word| !word.is_empty()).collect()
}

/// How many words differ between the beginnings of both (Levenshtein's distance).
fn costs(said: &[String], heard: &[String]) -> Vec<Vec<u32>> {
    let mut costs = vec![vec![0; heard.len() + 1]; said.len() + 1];
    for at in 0..=said.len() {
        for of in 0..=heard.len() {
            costs[at][of] = match (at, of) {
                (0, of) => of as u32,
                (at, 0) => at as u32,
                (at, of) => {
                    let changed = costs[at - 1][of - 1] + u32::from(said[at - 1] != heard[of - 1]);
                    changed.min(costs[at - 1][of] + 1).min(costs[at][of - 1] + 1)
                }
            };
        }
    }
    costs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ear(said: &str, heard: &str) -> Ear {
        Ear { said: said.into(), heard: heard.into() }
    }

    #[test]
    fn words_stand_beside_those_that_were_heard_for_them() {
        for (said, heard, wrong, lines) in [
            ("Two people, please.", "two people please", 0, ["two people please", "·   ·      ·"]),
            ("at four nine one", "at four five one", 1, ["at four nine one", "·  ·    five ·"]),
            ("the big room", "big room now", 2, ["the big room –", "–   ·   ·    now"]),
            ("boston", "", 1, ["boston", "–"]),
            ("", "hello", 1, ["–", "hello"]),
            ("ngày mai", "ngày may", 1, ["ngày mai", "·    may"]),
        ] {
            let ear = ear(said, heard);
            assert_eq!(ear.wrong(), wrong, "{said} / {heard}");
            assert_eq!(ear.lines(), lines.map(str::to_owned), "{said} / {heard}");
        }
        assert_eq!(ear("a b-c d", "").words(), 4);
    }
}
