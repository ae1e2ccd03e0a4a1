//! `WatcherPlaces`: how many WebSockets are watched at the same time, in all and by one principal.
use super::Problem;
use axum::http::StatusCode;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Watchers at the same time; one more is refused with 503.
pub(super) const WATCHERS: usize = 64;
/// Those of one principal: several windows, each with the wall and a call.
pub(super) const EACH: usize = 16;

#[derive(Clone, Default)]
pub(super) struct WatcherPlaces(Arc<Mutex<HashMap<String, usize>>>);

/// One watcher's; dropping it makes room.
pub(super) struct WatcherPlace {
    places: WatcherPlaces,
    name: String,
}

impl WatcherPlaces {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for the principal of this name.
    pub(super) fn take(&self, name: &str) -> Result<WatcherPlace, Problem> {
        let mut places = self.lock();
        let refused = |words: String| Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, words).later(10));
        if places.values().sum::<usize>() >= WATCHERS {
            return refused("as many watchers as allowed are connected".into());
        }
        let own = places.get(name).copied().unwrap_or_default();
        if own >= EACH {
            return refused(format!("{name} watches in {EACH} places, which is all that one may: close one of them"));
        }
        places.insert(name.to_owned(), own + 1);
        Ok(WatcherPlace { places: self.clone(), name: name.to_owned() })
    }
}

impl Drop for WatcherPlace {
    fn drop(&mut self) {
        let mut places = self.places.lock();
        if let Some(count) = places.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                places.remove(&self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_principal_leaves_places_for_others_and_gets_its_own_back() {
        let places = WatcherPlaces::default();
        let mut own: Vec<_> = (0..EACH).map(|_| places.take("eve").ok().unwrap()).collect();
        assert!(places.take("eve").is_err());
        let others: Vec<_> = (0..100).map_while(|n| places.take(&format!("user{n}")).ok()).collect();
        assert_eq!(others.len(), WATCHERS - EACH);
        assert!(places.take("ada").is_err());
        own.pop();
        assert!(places.take("eve").is_ok(), "it is dropped at once");
        assert!(places.take("ada").is_ok());
        drop((own, others));
        assert!(places.lock().is_empty());
    }
}
