//! What a call adds to what is known of its caller: an act for the store, and a mark on the timeline that holds no value.
use super::Talk;
use crate::call::core::Act;
use dialog::conversation::Output;
use dialog::memory::MemoryNews;
use serde_json::json;
use std::time::Instant;

impl Talk {
    /// What the next call of this caller is to know. What is told of it on the timeline holds no value.
    pub(super) fn remember(&mut self, now: Instant, news: MemoryNews) {
        let ms = self.ms(now);
        match &news {
            MemoryNews::Agreed(agreed) => self.note_mark("memory_consent", json!({ "ms": ms, "agreed": agreed })),
            MemoryNews::Fact { name, .. } => self.note_mark("memory_kept", json!({ "ms": ms, "slot": name })),
            MemoryNews::Promise { kind, task, owed } => {
                self.note_mark("memory_promise", json!({ "ms": ms, "kind": kind.name(), "task": task, "owed": owed }));
            }
            MemoryNews::Forget => self.mark(now, "memory_forgotten"),
            MemoryNews::Language(_) | MemoryNews::Pace(_) => {}
        }
        self.act(Act::Remember(news));
    }

    /// The call ends: what is left half done, and in which language it was.
    pub(super) fn part(&mut self, now: Instant) {
        self.conversation.part();
        while let Some(output) = self.conversation.poll() {
            if let Output::Memory(news) = output {
                self.remember(now, news);
            }
        }
    }
}
