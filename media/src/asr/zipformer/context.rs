//! `Context`: the phrases that a step expects, as an automaton (Aho and Corasick, 1975) that adds to the scores of hypotheses
//! which follow one, and takes away again what it has added to those that leave it. The same scores as sherpa-onnx's context graph.
use std::collections::{BTreeMap, VecDeque};

/// What each token of an expected phrase adds, as a natural logarithm; sherpa-onnx's default.
pub const TOKEN_BONUS: f32 = 1.5;

#[derive(Clone, Debug, Default)]
struct Node {
    next: BTreeMap<i32, usize>,
    /// What the token that leads here adds, and what all tokens from the root to here have added.
    token: f32,
    sum: f32,
    /// What a phrase that ends here is worth, with the ones that end within it.
    end_worth: f32,
    is_end: bool,
    /// Where the longest end of the tokens so far goes on that begins a phrase.
    fail: usize,
    /// The nearest node by way of `fail` where a phrase ends.
    ends: Option<usize>,
}

/// Its places are numbered; 0 is the root, where no phrase has begun.
#[derive(Debug)]
pub struct Context {
    nodes: Vec<Node>,
}

impl Context {
    /// Of phrases as tokens; each token adds `bonus`.
    pub fn new(phrases: &[Vec<i32>], bonus: f32) -> Self {
        let mut nodes = vec![Node::default()];
        for phrase in phrases {
            let mut at = 0;
            for token in phrase {
                let next = nodes[at].next.get(token).copied().unwrap_or_else(|| {
                    let next = nodes.len();
                    let sum = nodes[at].sum + bonus;
                    nodes.push(Node { token: bonus, sum, ..Node::default() });
                    nodes[at].next.insert(*token, next);
                    next
                });
                at = next;
            }
            if at != 0 {
                nodes[at].is_end = true;
                nodes[at].end_worth = nodes[at].sum;
            }
        }
        let mut context = Self { nodes };
        context.link();
        context
    }

    /// Sets `fail` and `ends`, breadth first.
    fn link(&mut self) {
        let mut queue: VecDeque<usize> = self.nodes[0].next.values().copied().collect();
        while let Some(at) = queue.pop_front() {
            for (token, child) in self.nodes[at].next.clone() {
                let fail = self.longest(self.nodes[at].fail, token);
                self.nodes[child].fail = fail;
                let ends = if self.nodes[fail].is_end { Some(fail) } else { self.nodes[fail].ends };
                self.nodes[child].ends = ends;
                self.nodes[child].end_worth += ends.map_or(0.0, |ends| self.nodes[ends].end_worth);
                queue.push_back(child);
            }
        }
    }

    /// Where `token` leads from `at`, or from the first of the places behind it that has such a token; else the root.
    fn longest(&self, mut at: usize, token: i32) -> usize {
        loop {
            match self.nodes[at].next.get(&token) {
                Some(next) => return *next,
                None if at == 0 => return 0,
                None => at = self.nodes[at].fail,
            }
        }
    }

    /// The place after one more token, and what that adds to a hypothesis. A whole phrase keeps what it has added, and the next may
    /// begin.
    pub fn step(&self, place: usize, token: i32) -> (f32, usize) {
        let from = &self.nodes[place];
        let (next, added) = match from.next.get(&token) {
            Some(next) => (*next, self.nodes[*next].token),
            None => {
                let next = self.longest(from.fail, token);
                (next, self.nodes[next].sum - from.sum)
            }
        };
        let node = &self.nodes[next];
        if node.end_worth == 0.0 {
            return (added, next);
        }
        let worth = if node.is_end { node.sum } else { node.ends.map_or(node.sum, |ends| self.nodes[ends].sum) };
        (added + worth - node.sum, 0)
    }

    /// What the end of an utterance adds: a phrase that is not whole loses what it has added.
    pub fn end(&self, place: usize) -> f32 {
        -self.nodes[place].sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each token adds, from the root.
    fn added(context: &Context, tokens: &[i32]) -> Vec<f32> {
        let mut place = 0;
        let step = |token: &i32| {
            let (added, next) = context.step(place, *token);
            place = next;
            added
        };
        tokens.iter().map(step).collect()
    }

    #[test]
    fn a_whole_phrase_keeps_its_bonus_and_a_broken_one_gives_it_back() {
        let context = Context::new(&[vec![1, 2, 3]], 1.5);
        assert_eq!(added(&context, &[1, 2, 3, 1]), [1.5, 1.5, 1.5, 1.5]);
        assert_eq!(added(&context, &[1, 2, 9]), [1.5, 1.5, -3.0]);
        assert_eq!(added(&context, &[9, 1, 1, 2]), [0.0, 1.5, 0.0, 1.5]);
        let (_, place) = context.step(0, 1);
        assert_eq!((context.end(place), context.end(0)), (-1.5, 0.0));
    }

    #[test]
    fn a_phrase_within_a_broken_one_is_found() {
        let context = Context::new(&[vec![1, 2, 3, 4], vec![2, 3]], 1.0);
        // The longer phrase ends where the shorter one does: it keeps the worth of the shorter one and begins anew.
        assert_eq!(added(&context, &[1, 2, 3, 4]), [1.0, 1.0, 0.0, 0.0]);
        assert_eq!(added(&context, &[2, 3]), [1.0, 1.0]);
        let beginnings = Context::new(&[vec![1, 2, 3], vec![2, 5]], 1.0);
        assert_eq!(added(&beginnings, &[1, 2, 5]), [1.0, 1.0, 0.0], "two were added, one is taken back, one comes");
    }

    #[test]
    fn no_phrases_add_nothing() {
        for phrases in [&[][..], &[vec![]]] {
            assert_eq!(added(&Context::new(phrases, 1.5), &[1, 2]), [0.0, 0.0]);
        }
    }
}
