//! A cache of synthesised clauses: the same words in the same voice start at once.
use super::clause_files::{ClauseFiles, Key, Piece};
use super::delivery::Delivery;
use super::{Chunk, Synthesiser, TakeChunk, TtsFault, Voice};
use crate::Language;
use ring::digest::{Context, SHA256};
use std::collections::HashMap;
use std::mem::size_of;
use std::ops::ControlFlow::Continue;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

struct Entry {
    pieces: Arc<[Piece]>,
    bytes: usize,
    used: u64,
}

#[derive(Default)]
struct Contents {
    entries: HashMap<Key, Entry>,
    bytes: usize,
    clock: u64,
    hits: u64,
    misses: u64,
}

/// Figures of a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheReport {
    pub clauses: usize,
    pub bytes: usize,
    pub hits: u64,
    pub misses: u64,
}

/// A synthesiser with a cache, keyed by SHA-256 of text, voice and rate. When it is full the least recently used clause is
/// dropped; clauses larger than a quarter of it are not kept.
pub struct Cache {
    engine: Arc<dyn Synthesiser>,
    contents: Mutex<Contents>,
    bytes: usize,
    /// For an engine that has a fingerprint: where what is made ahead is kept between starts. Sentences with a caller's values are not
    /// made ahead: no sound of those lies on the disk.
    files: Option<Arc<ClauseFiles>>,
}

impl Cache {
    /// `bytes`: the size of the cache.
    pub fn new(engine: Arc<dyn Synthesiser>, bytes: usize) -> Self {
        Self { engine, contents: Mutex::default(), bytes, files: None }
    }

    /// With a folder for clauses between starts, where the engine has a fingerprint.
    pub fn with_files(self, files: Option<Arc<ClauseFiles>>) -> Self {
        let files = files.filter(|_| self.engine.fingerprint().is_some());
        Self { files, ..self }
    }

    /// Synthesises clauses ahead, until the first fault; returns how many are ready. It blocks its thread; `wait` is called before
    /// each clause that has to be made.
    pub fn warm<'a>(
        &self,
        voice: &Voice,
        texts: impl IntoIterator<Item = &'a str>,
        wait: impl Fn(),
    ) -> Result<usize, TtsFault> {
        let mut ready = 0;
        for text in texts {
            let key = self.key(voice, text, &Delivery::default());
            if !self.contents().entries.contains_key(&key) && self.read_kept(&key).is_none() {
                wait();
                self.speak(voice, text, &mut |_| Continue(()))?;
                let made = self.contents().entries.get(&key).map(|entry| entry.pieces.clone());
                if let (Some(files), Some(pieces)) = (&self.files, made) {
                    files.keep(&key, &pieces);
                }
            }
            ready += 1;
        }
        Ok(ready)
    }

    /// What an earlier start has kept of a clause, which is in memory then.
    fn read_kept(&self, key: &Key) -> Option<Arc<[Piece]>> {
        let pieces: Arc<[Piece]> = self.files.as_ref()?.find(key)?.into();
        self.keep(*key, pieces.clone());
        Some(pieces)
    }

    fn key(&self, voice: &Voice, text: &str, delivery: &Delivery) -> Key {
        key(self.engine.fingerprint().unwrap_or_default(), voice, text, delivery)
    }

    pub fn report(&self) -> CacheReport {
        let contents = self.contents();
        CacheReport {
            clauses: contents.entries.len(),
            bytes: contents.bytes,
            hits: contents.hits,
            misses: contents.misses,
        }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, key: &Key) -> Option<Arc<[Piece]>> {
        let mut contents = self.contents();
        contents.clock += 1;
        let clock = contents.clock;
        let found = contents.entries.get_mut(key).map(|entry| {
            entry.used = clock;
            entry.pieces.clone()
        });
        *(if found.is_some() { &mut contents.hits } else { &mut contents.misses }) += 1;
        found
    }

    fn keep(&self, key: Key, pieces: Arc<[Piece]>) {
        let bytes =
            pieces.iter().map(|piece| piece.pcm.len() * 2 + size_of::<Piece>()).sum::<usize>() + size_of::<Entry>();
        if bytes > self.bytes / 4 {
            return;
        }
        let mut contents = self.contents();
        while contents.bytes + bytes > self.bytes {
            let oldest = contents.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
            let Some(gone) = oldest.and_then(|key| contents.entries.remove(&key)) else { break };
            contents.bytes -= gone.bytes;
        }
        let entry = Entry { pieces, bytes, used: contents.clock };
        contents.bytes += bytes;
        if let Some(replaced) = contents.entries.insert(key, entry) {
            contents.bytes -= replaced.bytes;
        }
    }
}

fn key(fingerprint: &str, voice: &Voice, text: &str, delivery: &Delivery) -> Key {
    let mut context = Context::new(&SHA256);
    let rate = voice.rate.hz().to_string();
    let mut parts = vec![fingerprint, voice.language.code(), &voice.name, &rate, text];
    // A usual delivery adds nothing, so that what was kept before there were others is found.
    let other = format!("{delivery:?}");
    parts.extend((!delivery.is_usual()).then_some(other.as_str()));
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part.as_bytes());
    }
    let mut key = [0; 32];
    key.copy_from_slice(context.finish().as_ref());
    key
}

impl Synthesiser for Cache {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn speaks(&self, language: Language) -> bool {
        self.engine.speaks(language)
    }

    fn fingerprint(&self) -> Option<&str> {
        self.engine.fingerprint()
    }

    fn prepare(&self, voice: &Voice) -> Result<(), TtsFault> {
        self.engine.prepare(voice)
    }

    fn probe(&self, voice: &Voice, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault> {
        self.engine.probe(voice, sink)
    }

    fn speak(&self, voice: &Voice, text: &str, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault> {
        self.deliver(voice, text, &Delivery::default(), sink)
    }

    fn deliver(
        &self,
        voice: &Voice,
        text: &str,
        delivery: &Delivery,
        sink: &mut TakeChunk<'_>,
    ) -> Result<(), TtsFault> {
        let key = self.key(voice, text, delivery);
        if let Some(pieces) = self.find(&key).or_else(|| self.read_kept(&key)) {
            for piece in pieces.iter() {
                if sink(Chunk { pcm: &piece.pcm, upto_char: piece.upto_char }).is_break() {
                    break;
                }
            }
            return Ok(());
        }
        let (mut made, mut whole) = (Vec::new(), true);
        self.engine.deliver(voice, text, delivery, &mut |chunk| {
            let flow = sink(chunk);
            whole &= flow.is_continue();
            if chunk.pcm.is_empty() && chunk.upto_char == 0 {
                return flow;
            }
            made.push(Piece { pcm: chunk.pcm.to_vec(), upto_char: chunk.upto_char });
            flow
        })?;
        if whole {
            self.keep(key, made.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rate;
    use crate::tts::scripted::{Manner, Scripted};
    use std::ops::ControlFlow::Break;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const TEN: &str = "0123456789";

    fn cache(manner: Manner, bytes: usize) -> Cache {
        Cache::new(Arc::new(Scripted::new(manner)), bytes)
    }

    fn voice(rate: Rate) -> Voice {
        Voice { language: Language::En, name: "a".into(), rate }
    }

    fn said(cache: &Cache, voice: &Voice, text: &str) -> Vec<(Vec<i16>, u32)> {
        let mut out = Vec::new();
        let mut sink = |chunk: Chunk<'_>| {
            out.push((chunk.pcm.to_vec(), chunk.upto_char));
            Continue(())
        };
        cache.speak(voice, text, &mut sink).unwrap();
        out
    }

    #[test]
    fn what_is_delivered_in_another_way_is_another_clause() {
        let cache = cache(Manner::Prompt, 1 << 20);
        for percent in [100, 150, 100, 150, 80] {
            let delivery = Delivery::new(percent, []);
            cache.deliver(&voice(Rate::Hz8000), TEN, &delivery, &mut |_| Continue(())).unwrap();
        }
        let CacheReport { clauses, hits, misses, .. } = cache.report();
        assert_eq!((clauses, hits, misses), (3, 2, 3));
    }

    #[test]
    fn the_second_time_is_the_same_sound_with_the_same_marks() {
        let (cache, voice) = (cache(Manner::Prompt, 1 << 20), voice(Rate::Hz8000));
        let first = said(&cache, &voice, "hello");
        assert_eq!(first, said(&cache, &voice, "hello"));
        let report = cache.report();
        assert_eq!((report.clauses, report.hits, report.misses), (1, 1, 1));
        let other = Voice { rate: Rate::Hz16000, ..voice };
        assert_ne!(first, said(&cache, &other, "hello"));
        assert_eq!(cache.report().clauses, 2);
    }

    #[test]
    fn memory_is_bounded_and_the_clause_unused_longest_goes_first() {
        // Ten characters are 600 ms: 9,600 bytes and a little for each clause.
        let (cache, voice) = (cache(Manner::Prompt, 48_000), voice(Rate::Hz8000));
        let texts: Vec<String> = (0..4).map(|i| format!("{i}{}", &TEN[1..])).collect();
        for text in &texts {
            said(&cache, &voice, text);
            said(&cache, &voice, &texts[0]);
        }
        said(&cache, &voice, "another10!");
        assert!(cache.report().bytes <= 48_000 && cache.report().clauses == 4, "{:?}", cache.report());
        let before = cache.report().hits;
        said(&cache, &voice, &texts[0]);
        assert_eq!(cache.report().hits, before + 1);
        said(&cache, &voice, &texts[1]);
        assert_eq!(cache.report().hits, before + 1, "the second clause is the least recently used");
    }

    #[test]
    fn what_was_broken_off_or_failed_is_not_kept() {
        let (whole, voice) = (cache(Manner::Prompt, 1 << 20), voice(Rate::Hz8000));
        whole.speak(&voice, TEN, &mut |_| Break(())).unwrap();
        assert_eq!(whole.report().clauses, 0);
        let failing = cache(Manner::Fail, 1 << 20);
        assert!(failing.speak(&voice, TEN, &mut |_| Continue(())).is_err());
        assert_eq!(failing.warm(&voice, [TEN], || {}), Err(TtsFault::Engine("told to fail".into())));
        assert_eq!(whole.warm(&voice, ["one", "two", "one"], || {}), Ok(3));
        assert_eq!(whole.report().clauses, 2);
    }

    /// Speaks by script and counts how often; `model` stands for the file it would have loaded.
    struct Counted {
        scripted: Scripted,
        model: &'static str,
        made: AtomicUsize,
    }

    impl Synthesiser for Counted {
        fn name(&self) -> &'static str {
            "counted"
        }

        fn speaks(&self, _: Language) -> bool {
            true
        }

        fn fingerprint(&self) -> Option<&str> {
            Some(self.model).filter(|model| !model.is_empty())
        }

        fn speak(&self, voice: &Voice, text: &str, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault> {
            self.made.fetch_add(1, Ordering::Relaxed);
            self.scripted.speak(voice, text, sink)
        }
    }

    /// A start of the server: what it makes ahead, how often it is then asked for another text, and how often the engine spoke.
    fn start(files: &Arc<ClauseFiles>, model: &'static str, ahead: &[&str], asked: (&str, usize)) -> usize {
        let scripted = Scripted::new(Manner::Prompt);
        let engine = Arc::new(Counted { scripted, model, made: AtomicUsize::new(0) });
        let cache = Cache::new(engine.clone(), 1 << 20).with_files(Some(files.clone()));
        let voice = voice(Rate::Hz8000);
        cache.warm(&voice, ahead.iter().copied(), || {}).unwrap();
        (0..asked.1).for_each(|_| drop(said(&cache, &voice, asked.0)));
        engine.made.load(Ordering::Relaxed)
    }

    #[test]
    fn what_is_made_ahead_is_kept_between_starts_for_the_same_model_alone() {
        let dir = std::env::temp_dir().join(format!("switchboard-cache-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let files = || Arc::new(ClauseFiles::open(&dir, 1 << 20).unwrap());
        assert_eq!(start(&files(), "a", &["one", "two"], ("one", 1)), 2);
        assert_eq!(start(&files(), "a", &["one", "two"], ("two", 3)), 0);
        assert_eq!(start(&files(), "b", &["one"], ("", 0)), 1, "another model sounds different");
        assert_eq!(start(&files(), "", &["one"], ("", 0)), 1, "nothing is known of how it sounds");
        assert_eq!(start(&files(), "", &["one"], ("", 0)), 1);
        // A text that nobody made ahead may hold a caller's values: it is never kept.
        assert_eq!(start(&files(), "a", &[], ("your name is ann", 50)), 1);
        assert_eq!(start(&files(), "a", &[], ("your name is ann", 1)), 1);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
