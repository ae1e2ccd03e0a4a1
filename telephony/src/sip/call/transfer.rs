//! Blind transfer of the far end (RFC 5589 section 6): REFER within the dialog, and its NOTIFYs.
use super::Call;
use crate::line::{Change, Ended, Refer, Referral};
use crate::sip::core::Core;
use crate::sip::dialog_event::DialogEvent;
use crate::sip::name;
use crate::sip::transfer::{Notified, Transfer};
use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Header, Method, Request};
use rsipstack::transaction::transaction::Transaction;
use std::time::Instant;

impl Call {
    /// Asks the far end to call somebody else. One transfer at a time.
    pub(super) async fn refer(&mut self, refer: Refer) -> Option<Ended> {
        if self.transfer.as_ref().is_some_and(|transfer| !transfer.is_over()) {
            return self.tell(Change::Referral(Referral::Refused(491)));
        }
        if name::uri(&refer.to).filter(|uri| uri.scheme.is_some()).is_none() {
            return self.tell(Change::Referral(Referral::Refused(400)));
        }
        self.transfer = Some(Transfer::new(Instant::now(), refer.limit));
        let mut request = self.dialog.request(Method::Refer, &self.core.plan.user_agent);
        request.headers.push(make_header("Refer-To", format!("<{}>", refer.to)));
        request.headers.push(make_header("Referred-By", format!("<{}>", self.dialog.contact_uri())));
        if self.credentials.is_some() {
            self.dialog.skip_number();
        }
        let flow = self.core.flow_within(&self.dialog).await;
        let (core, events, credentials) = (self.core.clone(), self.events_in.clone(), self.credentials.clone());
        tokio::spawn(async move {
            let mut answer = core.transact(request.clone(), &flow).await;
            if let Some(who) = &credentials
                && matches!(answer.status_code.code(), 401 | 407)
                && let Some(again) = Core::signed(&request, &answer, who, &flow)
            {
                answer = core.transact(again, &flow).await;
            }
            events.send(DialogEvent::Referred { status: answer.status_code.code() }).await.ok();
        });
        None
    }

    pub(super) fn referred(&mut self, status: u16) -> Option<Ended> {
        self.transfer.as_mut()?.answered(Instant::now(), status);
        self.tell_transfer()
    }

    /// A NOTIFY: that of a transfer tells how it goes, and any other has no effect (RFC 3842).
    pub(super) async fn notify(&mut self, tx: Transaction) -> Option<Ended> {
        let notified = is_of_refer(&tx.original)
            .then(|| Notified::read(header(&tx.original, "subscription-state").as_deref(), &tx.original.body));
        self.core.reply(tx, 200, vec![], None).await;
        self.transfer.as_mut()?.notified(notified?);
        self.tell_transfer()
    }

    pub(super) fn expire_transfer(&mut self) -> Option<Ended> {
        self.transfer.as_mut()?.expire(Instant::now());
        self.tell_transfer()
    }

    fn tell_transfer(&mut self) -> Option<Ended> {
        let transfer = self.transfer.as_mut()?;
        let news: Vec<Referral> = std::iter::from_fn(|| transfer.poll()).collect();
        news.into_iter().find_map(|news| self.tell(Change::Referral(news)))
    }
}

fn is_of_refer(notify: &Request) -> bool {
    let event = header(notify, "event").or_else(|| header(notify, "o")).unwrap_or_default();
    event.split(';').next().is_some_and(|package| package.trim().eq_ignore_ascii_case("refer"))
}

/// The value of a header field, whether the stack knows it or not.
fn header(request: &Request, wanted: &str) -> Option<String> {
    request.headers().iter().find_map(|header: &Header| {
        let text = header.to_string();
        let (name, value) = text.split_once(':')?;
        name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
    })
}
