//! A bot as it is in one call: the header fields of that call are filled into its sentences.
use super::approval::Approval;
use super::definition::Bot;
use super::headers::{self, Headers};
use super::own_words::CutOnce;
use super::request::RequestTemplate;
use std::sync::Arc;

impl Bot {
    /// The bot as it is in one call: its sentences hold what the trunk said of it. Later gaps are filled as they come.
    pub fn with_headers(self: Arc<Self>, headers: Headers) -> Arc<Self> {
        let mut bot = match (self.has_header_gaps, headers.is_empty()) {
            (false, true) => return self,
            _ => (*self).clone(),
        };
        if bot.has_header_gaps {
            let gaps = bot.sentences().into_iter().filter(|text| headers::is_in(text));
            gaps.for_each(|text| *text = headers.fill(text));
            bot.own_words = CutOnce::default();
            bot.has_header_gaps = false;
        }
        bot.headers = headers;
        Arc::new(bot)
    }

    /// The same bot for a call that no trunk brought, unless it is already one call's own.
    pub(crate) fn without_header_gaps(self: Arc<Self>) -> Arc<Self> {
        if self.has_header_gaps { self.with_headers(Headers::default()) } else { self }
    }

    /// Every sentence that is said as it stands, or with gaps that are filled by their names.
    pub(super) fn sentences(&mut self) -> Vec<&mut String> {
        let Self { disclosure, greeting, closing, slots, tasks, tools, facts, forbidden, prompts, .. } = self;
        let mut all: Vec<&mut String> = disclosure.iter_mut().chain([greeting, closing]).collect();
        for slot in slots {
            all.push(&mut slot.prompt);
            all.extend(slot.reprompts.iter_mut().chain(&mut slot.help));
        }
        for task in tasks {
            all.extend(task.done.approval.iter_mut().flat_map(Approval::sentences_mut));
            let lookups = task.lookups.iter_mut().map(|lookup| &mut lookup.request);
            all.extend(task.done.request.iter_mut().chain(lookups).flat_map(RequestTemplate::sentences_mut));
        }
        all.extend(facts.iter_mut().map(|fact| &mut fact.say));
        all.extend(forbidden.iter_mut().map(|subject| &mut subject.say));
        all.extend(tools.iter_mut().filter_map(|tool| tool.definition.filler.as_mut()));
        all.extend(prompts.all_mut());
        all
    }
}
