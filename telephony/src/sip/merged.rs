//! `Merged`: finds a request that reached us twice by different ways, a fork gone in a circle (RFC 3261 section 8.2.2.2).
use rsipstack::transaction::key::TransactionKey;
use std::collections::HashMap;

/// What copies of one request have in common, whatever way they took.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub call_id: String,
    pub from_tag: String,
    /// Number and method.
    pub cseq: String,
}

/// Requests outside dialogs by origin, each with the transaction that serves it. Entries whose transaction is over are
/// swept out as the table grows, so it stays within twice the number of transactions there are.
#[derive(Debug, Default)]
pub(super) struct Merged {
    served: HashMap<Origin, TransactionKey>,
    sweep_at: usize,
}

const SMALL: usize = 64;

impl Merged {
    /// Whether another transaction serves this request already. If not, `key` does from now on.
    pub(super) fn meets(
        &mut self,
        origin: Origin,
        key: &TransactionKey,
        is_ongoing: impl Fn(&TransactionKey) -> bool,
    ) -> bool {
        if let Some(first) = self.served.get(&origin)
            && first != key
            && is_ongoing(first)
        {
            return true;
        }
        if self.served.len() >= self.sweep_at.max(SMALL) {
            self.served.retain(|_, key| is_ongoing(key));
            self.sweep_at = self.served.len() * 2;
        }
        self.served.insert(origin, key.clone());
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsipstack::sip::SipMessage;
    use rsipstack::transaction::key::TransactionRole;

    fn key(call: usize, branch: &str) -> TransactionKey {
        let text = format!(
            "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch={branch}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n\
             Call-ID: {call}\r\nCSeq: 1 INVITE\r\n\r\n"
        );
        let Ok(SipMessage::Request(request)) = SipMessage::try_from(text.as_str()) else { panic!("a request") };
        TransactionKey::from_request(&request, TransactionRole::Server).expect("a key")
    }

    fn origin(call: usize) -> Origin {
        Origin { call_id: call.to_string(), from_tag: "1".into(), cseq: "1 INVITE".into() }
    }

    #[test]
    fn the_same_request_by_another_way_is_merged_while_the_first_is_served() {
        let mut merged = Merged::default();
        let (first, second) = (key(1, "z9hG4bKa"), key(1, "z9hG4bKb"));
        assert!(!merged.meets(origin(1), &first, |_| true));
        assert!(!merged.meets(origin(1), &first, |_| true), "a retransmission");
        assert!(merged.meets(origin(1), &second, |_| true));
        assert!(!merged.meets(Origin { cseq: "2 INVITE".into(), ..origin(1) }, &second, |_| true));
        assert!(!merged.meets(Origin { from_tag: "2".into(), ..origin(1) }, &second, |_| true));
        assert!(!merged.meets(origin(1), &second, |_| false), "the first is over: refused, say");
        assert!(merged.meets(origin(1), &first, |_| true), "now the second is served");
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let mut merged = Merged::default();
        for call in 0..500 {
            let latest: Vec<TransactionKey> = (call - call.min(20)..=call).map(|call| key(call, "z9hG4bKa")).collect();
            merged.meets(origin(call), &key(call, "z9hG4bKa"), |key| latest.contains(key));
            assert!(merged.served.len() <= SMALL, "{}", merged.served.len());
        }
    }
}
