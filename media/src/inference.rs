//! The thread that runs rten's graphs for the calling thread.
use rten::ThreadPool;
use std::sync::Arc;

/// One thread. rten has no way to run on the calling thread.
pub type Threads = Arc<ThreadPool>;

/// The calling thread's own: made at its first use, with the priority that the calling thread has then, and ended with it.
pub fn threads() -> Threads {
    thread_local! {
        static OWN: Threads = Arc::new(ThreadPool::with_num_threads(1));
    }
    OWN.with(Arc::clone)
}
