//! `Merged`: detects a merged request, one that has arrived twice on different paths, as forking makes them (RFC 3261 section 8.2.2.2).
use super::name;
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Method, Request};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use std::collections::HashMap;

/// What copies of one request have in common on every path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct RequestIdentity {
    call_id: String,
    from_tag: String,
    seq: u32,
    method: Method,
}

impl RequestIdentity {
    fn of(request: &Request) -> Option<Self> {
        Some(Self {
            call_id: request.call_id_header().ok()?.value().to_owned(),
            from_tag: name::tag(request.from_header().ok()?.value()).unwrap_or_default().to_owned(),
            seq: request.cseq_header().ok()?.seq().ok()?,
            method: request.method,
        })
    }
}

/// The state of transactions, as far as it is needed here.
pub(super) trait Transactions {
    /// Whether the transaction exists: it answers retransmissions of its request.
    fn is_known(&self, key: &TransactionKey) -> bool;
    /// Whether the request of the transaction, of this method, is still being served.
    fn is_serving(&self, method: Method, key: &TransactionKey) -> bool;
}

/// Requests outside dialogs by origin, each with the transaction that serves it. A refused request is removed at once: a copy on
/// another path is then refused for the same reason, not as merged. Entries whose transaction has ended are removed as the table grows,
/// so that it holds at most twice as many entries as there are transactions.
#[derive(Debug, Default)]
pub(super) struct Merged {
    serving: HashMap<RequestIdentity, TransactionKey>,
    sweep_at: usize,
}

const SMALL: usize = 64;

impl Merged {
    /// Whether another transaction serves this request already. If not, its own transaction is entered.
    pub(super) fn is_merged(&mut self, request: &Request, transactions: &impl Transactions) -> bool {
        let outside = request.to_header().is_ok_and(|to| name::tag(to.value()).is_none());
        if !outside || matches!(request.method, Method::Ack | Method::Cancel) {
            return false;
        }
        let (Ok(key), Some(origin)) =
            (TransactionKey::from_request(request, TransactionRole::Server), RequestIdentity::of(request))
        else {
            return false;
        };
        // A retransmission is answered by its transaction; that of a refused request is not entered again.
        if transactions.is_known(&key) {
            return false;
        }
        if let Some(first) = self.serving.get(&origin)
            && *first != key
            && transactions.is_serving(origin.method, first)
        {
            return true;
        }
        if self.serving.len() >= self.sweep_at.max(SMALL) {
            self.serving.retain(|origin, key| transactions.is_serving(origin.method, key));
            self.sweep_at = self.serving.len() * 2;
        }
        self.serving.insert(origin, key);
        false
    }

    /// Removes a refused request. Called before its answer is sent, so that the next attempt does not count as merged.
    pub(super) fn forget(&mut self, request: &Request) {
        let Some(origin) = RequestIdentity::of(request) else { return };
        let key = TransactionKey::from_request(request, TransactionRole::Server);
        if self.serving.get(&origin).is_some_and(|serving| key.is_ok_and(|key| *serving == key)) {
            self.serving.remove(&origin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsipstack::sip::SipMessage;
    use std::collections::HashSet;

    /// Transactions that run, and INVITEs that were accepted and are over.
    #[derive(Default)]
    struct Table {
        running: HashSet<TransactionKey>,
        accepted: HashSet<TransactionKey>,
    }

    impl Transactions for Table {
        fn is_known(&self, key: &TransactionKey) -> bool {
            self.running.contains(key) || self.accepted.contains(key)
        }

        fn is_serving(&self, method: Method, key: &TransactionKey) -> bool {
            self.running.contains(key) || (method == Method::Invite && self.accepted.contains(key))
        }
    }

    impl Table {
        fn begin(&mut self, request: &Request) {
            self.running.insert(key(request));
        }

        fn end(&mut self, request: &Request) {
            self.running.remove(&key(request));
        }

        fn accept(&mut self, request: &Request) {
            self.end(request);
            self.accepted.insert(key(request));
        }
    }

    fn key(request: &Request) -> TransactionKey {
        TransactionKey::from_request(request, TransactionRole::Server).expect("a key")
    }

    fn request(method: &str, call: usize, tag: &str, seq: u32, branch: &str) -> Request {
        let text = format!(
            "{method} sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{branch}\r\nFrom: <sip:a@b>;tag={tag}\r\n\
             To: <sip:a@b>\r\nCall-ID: {call}\r\nCSeq: {seq} {method}\r\n\r\n"
        );
        match SipMessage::try_from(text.as_str()) {
            Ok(SipMessage::Request(request)) => request,
            other => panic!("{other:?}"),
        }
    }

    fn invite(call: usize, branch: &str) -> Request {
        request("INVITE", call, "1", 1, branch)
    }

    #[test]
    fn the_same_request_by_another_way_is_merged_while_the_first_is_served() {
        let (mut merged, mut table) = (Merged::default(), Table::default());
        let (first, second) = (invite(1, "a"), invite(1, "b"));
        assert!(!merged.is_merged(&first, &table));
        table.begin(&first);
        assert!(!merged.is_merged(&first, &table), "a retransmission");
        assert!(merged.is_merged(&second, &table));
        assert!(!merged.is_merged(&request("INVITE", 1, "1", 2, "b"), &table));
        assert!(!merged.is_merged(&request("INVITE", 1, "2", 1, "b"), &table));
        table.end(&first);
        assert!(!merged.is_merged(&second, &table), "the first is over");
        table.begin(&second);
        assert!(merged.is_merged(&first, &table), "now the second is served");
    }

    #[test]
    fn a_refused_request_is_not_met_again_even_where_its_own_copies_still_come() {
        for method in ["INVITE", "OPTIONS", "REGISTER"] {
            let (mut merged, mut table) = (Merged::default(), Table::default());
            let [first, second, third] = ["a", "b", "c"].map(|branch| request(method, 1, "1", 1, branch));
            assert!(!merged.is_merged(&first, &table));
            table.begin(&first);
            merged.forget(&first);
            // Its transaction still waits for the ACK or for retransmissions.
            assert!(!merged.is_merged(&first, &table), "{method}: a copy of the refused one");
            assert!(!merged.is_merged(&second, &table), "{method}: another attempt");
            table.begin(&second);
            merged.forget(&first);
            assert!(merged.is_merged(&third, &table), "{method}: the second is served, whatever becomes of the first");
        }
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let mut merged = Merged::default();
        for call in 0..500 {
            let mut table = Table::default();
            (call - call.min(20)..call).for_each(|call| table.begin(&invite(call, "a")));
            merged.is_merged(&invite(call, "a"), &table);
            assert!(merged.serving.len() <= SMALL, "{}", merged.serving.len());
        }
    }

    #[test]
    fn an_accepted_invite_is_served_still_when_a_request_of_another_method_sweeps_the_table() {
        let (mut merged, mut table) = (Merged::default(), Table::default());
        for call in 0..SMALL {
            assert!(!merged.is_merged(&invite(call, "a"), &table));
            table.accept(&invite(call, "a"));
        }
        assert!(!merged.is_merged(&request("OPTIONS", SMALL, "1", 1, "a"), &table), "this sweeps");
        assert!(merged.is_merged(&invite(0, "b"), &table), "a late fork of a call that is up");
    }
}
