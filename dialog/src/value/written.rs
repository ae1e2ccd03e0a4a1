//! What a recogniser writes in figures, signs and abbreviations, in the words that the readers of values know.
pub(super) mod en;
pub(super) mod vi;

/// Words in place of the first ones of some words, and how many these are.
type Rewrite = (Vec<String>, usize);

/// The words, each place rewritten where `rewrite` knows better words for what begins there.
pub(super) fn rewritten(words: Vec<String>, rewrite: fn(&[&str]) -> Option<Rewrite>) -> Vec<String> {
    let all: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut out = Vec::with_capacity(all.len());
    let mut at = 0;
    while at < all.len() {
        match rewrite(&all[at..]) {
            Some((fresh, used)) => {
                out.extend(fresh);
                at += used.max(1);
            }
            None => {
                out.push(all[at].to_owned());
                at += 1;
            }
        }
    }
    out
}

fn into(words: &[&str], used: usize) -> Option<Rewrite> {
    Some((words.iter().map(|word| (*word).to_owned()).collect(), used))
}
