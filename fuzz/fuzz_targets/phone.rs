//! Descriptions of phones, as offers and as answers: what is answered can be read again.
#![no_main]
use telephony::sdp::{Offer, Prefs, Session};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut us = Session::new(Prefs::default(), [192, 0, 2, 1].into(), 4000);
    if let Ok(offer) = Offer::parse(bytes)
        && let Ok(agreed) = us.answer(&offer)
    {
        Offer::parse(agreed.text.as_bytes()).expect("our answer can be read");
        assert!((10..=60).contains(&agreed.plan.ptime.as_millis()));
    }
    us.offer();
    let _ = us.accept(bytes);
});
