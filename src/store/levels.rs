//! How loud both sides of live calls are now, for who watches one.
use super::Store;
use media::levels::Levels;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The meters of the calls that are recorded, by the call's id; each lives as long as its room measures.
#[derive(Default)]
pub(super) struct Meters(Mutex<HashMap<String, Weak<Levels>>>);

impl Meters {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Weak<Levels>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// From now on the levels of this call are those of `levels`.
    pub fn measure(&self, call: &str, levels: &Arc<Levels>) {
        let mut meters = self.shared.meters.lock();
        meters.retain(|_, levels| levels.strong_count() > 0);
        meters.insert(call.into(), Arc::downgrade(levels));
    }

    /// How loud the caller, and what the caller hears, are now, 0 to 100; `None` where nothing measures.
    pub fn levels(&self, call: &str) -> Option<[u8; 2]> {
        let levels = self.shared.meters.lock().get(call)?.upgrade()?;
        Some(levels.now())
    }
}
