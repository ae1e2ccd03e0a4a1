//! `ReadyGrammars`: the grammars that an engine has made ready, by what they were made of.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Grammars kept ready.
const MOST: usize = 64;

/// `K`: what a grammar is known by; `G`: what the engine has made of it. The one unused longest goes first.
pub struct ReadyGrammars<K, G>(Mutex<VecDeque<(K, Arc<G>)>>);

impl<K, G> Default for ReadyGrammars<K, G> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq, G> ReadyGrammars<K, G> {
    /// The grammar known by `key`, made now where it is not ready. Others are found meanwhile.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn get<E>(&self, key: K, make: impl FnOnce() -> Result<G, E>) -> Result<Arc<G>, E> {
        if let Some(ready) = self.take(&key) {
            self.put(key, ready.clone());
            return Ok(ready);
        }
        let made = Arc::new(make()?);
        // Another thread may have made it meanwhile.
        self.take(&key);
        self.put(key, made.clone());
        Ok(made)
    }

    fn take(&self, key: &K) -> Option<Arc<G>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|(of, _)| of == key)?;
        known.remove(at).map(|(_, grammar)| grammar)
    }

    fn put(&self, key: K, grammar: Arc<G>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.push_front((key, grammar));
        known.truncate(MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grammar_is_made_once_and_the_one_unused_longest_is_forgotten() {
        let (ready, mut made) = (ReadyGrammars::default(), Vec::new());
        let mut get = |key: usize| {
            let make = || {
                made.push(key);
                Ok::<_, ()>(key)
            };
            assert_eq!(ready.get(key, make).as_deref(), Ok(&key));
        };
        (0..MOST).for_each(&mut get);
        get(0);
        get(MOST);
        get(0);
        get(1);
        assert_eq!(made[MOST..], [MOST, 1], "1 was unused longest when {MOST} came");
        assert_eq!(ready.get(MOST + 1, || Err("broken")), Err("broken"));
    }
}
