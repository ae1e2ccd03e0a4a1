//! `Mailbox`: holds one message from one thread to another. Neither waits: a new message replaces one that has not been taken.
use std::fmt;
use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Owns the message in it, as a box would.
pub(super) struct Mailbox<T> {
    message: AtomicPtr<T>,
    owns: PhantomData<Box<T>>,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self { message: AtomicPtr::new(ptr::null_mut()), owns: PhantomData }
    }
}

impl<T: Send> Mailbox<T> {
    pub(super) fn put(&self, message: T) {
        self.swap(Box::into_raw(Box::new(message)));
    }

    /// One atomic load where it is empty: it is called for every packet.
    pub(super) fn take(&self) -> Option<Box<T>> {
        if self.message.load(Ordering::Relaxed).is_null() { None } else { self.swap(ptr::null_mut()) }
    }

    fn swap(&self, new: *mut T) -> Option<Box<T>> {
        // Release what is put, acquire what is taken.
        let old = self.message.swap(new, Ordering::AcqRel);
        // SAFETY: what is not null came from `Box::into_raw` in `put`, and the swap gave it to us alone.
        (!old.is_null()).then(|| unsafe { Box::from_raw(old) })
    }
}

impl<T> Drop for Mailbox<T> {
    fn drop(&mut self) {
        let last = *self.message.get_mut();
        if !last.is_null() {
            // SAFETY: as in `swap`; nobody else has a reference any more.
            drop(unsafe { Box::from_raw(last) });
        }
    }
}

impl<T> fmt::Debug for Mailbox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    /// Counts live values.
    struct Counted(Arc<AtomicUsize>, usize);

    impl Counted {
        fn new(living: &Arc<AtomicUsize>, number: usize) -> Self {
            living.fetch_add(1, Ordering::Relaxed);
            Self(living.clone(), number)
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_newest_message_is_taken_once_and_none_is_leaked_or_freed_twice() {
        let living = Arc::new(AtomicUsize::new(0));
        let mailbox = Arc::new(Mailbox::default());
        let writers: [_; 2] = std::array::from_fn(|_| {
            let (mailbox, living) = (mailbox.clone(), living.clone());
            std::thread::spawn(move || (1..=5_000).for_each(|n| mailbox.put(Counted::new(&living, n))))
        });
        let mut last = [0, 0];
        while writers.iter().any(|writer| !writer.is_finished()) {
            if let Some(message) = mailbox.take() {
                last = [last[1], message.1];
            }
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        mailbox.put(Counted::new(&living, 7));
        mailbox.put(Counted::new(&living, 8));
        assert_eq!(mailbox.take().map(|message| message.1), Some(8), "after {last:?}");
        assert!(mailbox.take().is_none());
        mailbox.put(Counted::new(&living, 9));
        drop(mailbox);
        assert_eq!(living.load(Ordering::Relaxed), 0);
    }
}
