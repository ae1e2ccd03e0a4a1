//! `PasswordChecks`: compares passwords with what is stored, as often as [`Attempts`] allow, and records what fails.
use super::attempts::Attempts;
use super::audit::{Action, Audit};
use super::failures::{Failure, FailureSum, FailureSums, WITHIN};
use super::fault::AccessFault;
use super::passwords;
use super::principal::PrincipalKind;
use super::users::{self, Users};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use telephony::address::site;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Requests that may wait for a password to be hashed; a further one is refused.
const WAITING: usize = 16;
/// The longest that a password waits for those before it.
const QUEUE: Duration = Duration::from_secs(5);
/// When one is to be tried again because those before it are not done.
const BUSY: Duration = Duration::from_secs(2);
/// What the audit has in the place of a name that no user has: what somebody typed there may be a password.
const NOBODY: &str = "(no such user)";

pub(super) struct PasswordChecks {
    users: Users,
    audit: Audit,
    attempts: Mutex<Attempts>,
    sums: Mutex<FailureSums>,
    places: Semaphore,
    /// Passwords are hashed one at a time: each takes 19 MiB and time that calls need.
    hashing: Semaphore,
}

/// The right to hash one password.
struct Turn<'a> {
    _place: SemaphorePermit<'a>,
    _hashing: SemaphorePermit<'a>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a record has besides, with why a sign-in by the provider failed.
fn detail(mut detail: Value, why: Option<&'static str>) -> Value {
    if let Some(why) = why {
        detail["by"] = "oidc".into();
        detail["why"] = why.into();
    }
    detail
}

fn later(wait: Duration) -> AccessFault {
    AccessFault::TooMany(wait.as_secs() + 1)
}

impl PasswordChecks {
    pub(super) fn new(users: Users, audit: Audit) -> Self {
        Self {
            users,
            audit,
            attempts: Mutex::new(Attempts::new(Instant::now())),
            sums: Mutex::default(),
            places: Semaphore::new(WAITING),
            hashing: Semaphore::new(1),
        }
    }

    async fn turn(&self) -> Result<Turn<'_>, AccessFault> {
        let busy = || AccessFault::TooMany(BUSY.as_secs());
        let place = self.places.try_acquire().map_err(|_| busy())?;
        let hashing = tokio::time::timeout(QUEUE, self.hashing.acquire()).await;
        Ok(Turn { _place: place, _hashing: hashing.map_err(|_| busy())?.map_err(|_| busy())? })
    }

    /// The hash of a password that becomes somebody's.
    pub(super) async fn hashed(&self, password: &str) -> Result<String, AccessFault> {
        let _turn = self.turn().await?;
        users::hashed(password).await
    }

    /// Whether `password` is that of the user `name`. Gives the hash that it was compared with.
    ///
    /// # Errors
    /// [`AccessFault::WrongPassword`], also where there is no such user; [`AccessFault::TooMany`].
    pub(super) async fn check(&self, name: &str, password: &str, address: IpAddr) -> Result<String, AccessFault> {
        // Who has to wait costs nothing, whoever asks.
        lock(&self.attempts).admit(Instant::now(), address, name).map_err(later)?;
        lock(&self.attempts).spend(Instant::now(), address, name).map_err(later)?;
        let turn = self.turn().await?;
        // Those before this one may have failed meanwhile.
        lock(&self.attempts).admit(Instant::now(), address, name).map_err(later)?;
        let stored = self.users.password(name).await?;
        let (compared, password) = (stored.clone(), password.to_owned());
        let verifying = tokio::task::spawn_blocking(move || passwords::verify(&password, compared.as_deref()));
        let verified = verifying.await.map_err(|why| AccessFault::Hash(why.to_string()))?;
        let locked = match &stored {
            Some(stored) if verified => {
                lock(&self.attempts).succeeded(Instant::now(), address, name);
                return Ok(stored.clone());
            }
            _ => lock(&self.attempts).failed(Instant::now(), address, name),
        };
        drop(turn);
        let shown = if stored.is_some() { name } else { NOBODY };
        self.record(shown, Action::SignInFailed, None, address).await?;
        if locked && stored.is_some() {
            self.record(shown, Action::AccountLocked, None, address).await?;
        }
        Err(AccessFault::WrongPassword)
    }

    /// Somebody signed in with a name that no user can have.
    pub(super) async fn refuse_name(&self, address: IpAddr) -> AccessFault {
        if let Err(wait) = lock(&self.attempts).failed_nameless(Instant::now(), address) {
            return later(wait);
        }
        match self.record(NOBODY, Action::SignInFailed, None, address).await {
            Ok(()) => AccessFault::WrongPassword,
            Err(fault) => fault,
        }
    }

    /// A user has another password: failures with the one before do not count.
    pub(super) fn reset(&self, name: &str) {
        lock(&self.attempts).reset(Instant::now(), name);
    }

    pub(super) fn admit_link(&self, address: IpAddr) -> Result<(), AccessFault> {
        lock(&self.attempts).admit_link(Instant::now(), address).map_err(later)
    }

    pub(super) fn link_failed(&self, address: IpAddr) {
        lock(&self.attempts).link_failed(Instant::now(), address);
    }

    pub(super) fn admit_provider(&self, address: IpAddr) -> Result<(), AccessFault> {
        lock(&self.attempts).spend_provider(Instant::now(), address).map_err(later)
    }

    /// A sign-in by the provider failed. `name`: whom the provider has vouched for.
    pub(super) async fn provider_failed(
        &self,
        name: Option<&str>,
        why: &'static str,
        address: IpAddr,
    ) -> Result<(), AccessFault> {
        self.record(name.unwrap_or(NOBODY), Action::SignInFailed, Some(why), address).await
    }

    async fn record(
        &self,
        name: &str,
        action: Action,
        why: Option<&'static str>,
        address: IpAddr,
    ) -> Result<(), AccessFault> {
        let failure = Failure { name: name.to_owned(), action, why, source: site(address) };
        if !lock(&self.sums).note(Instant::now(), failure) {
            return Ok(());
        }
        let from = detail(json!({"address": address.to_string()}), why);
        self.audit.add(name, PrincipalKind::Session.name(), action, None, from).await
    }

    /// Records the sums of failures that are due.
    pub(super) async fn record_sums(&self) -> Result<(), AccessFault> {
        let due = lock(&self.sums).due(Instant::now());
        self.add_sums(due).await
    }

    /// Records the sums of all failures that have no record yet.
    pub(super) async fn record_rest(&self) -> Result<(), AccessFault> {
        let rest = lock(&self.sums).rest();
        self.add_sums(rest).await
    }

    async fn add_sums(&self, sums: Vec<FailureSum>) -> Result<(), AccessFault> {
        for FailureSum { failure, count } in sums {
            let (name, action, why, source) = match failure {
                Some(Failure { name, action, why, source }) => (name, action, why, source.to_string()),
                None => (NOBODY.to_owned(), Action::SignInFailed, None, "others".to_owned()),
            };
            let detail = detail(json!({"address": source, "count": count, "within_s": WITHIN.as_secs()}), why);
            self.audit.add(&name, PrincipalKind::Session.name(), action, None, detail).await?;
        }
        Ok(())
    }
}
