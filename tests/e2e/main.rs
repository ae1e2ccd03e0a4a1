//! Whole calls on real sockets: the server as a process (or in this one, with engines that misbehave), and callers that are
//! not ours: sipp, baresip, and a bare peer that speaks just enough SIP and RTP to know when each packet came.
mod baresip;
mod peer;
mod server;
mod sipp;
mod sound;
mod speech;
#[path = "../remote/speech_servers.rs"]
#[expect(dead_code, reason = "faults are tests/remote's")]
mod speech_servers;
mod testbed;

mod accounts;
mod api;
mod booking;
mod browser;
mod console;
mod faults;
mod full_house;
mod interruption;
mod keys;
mod language_model;
mod linphone;
mod load;
mod openapi;
mod person;
mod phone_seat;
mod privacy;
mod rehearse_by_voice;
mod remote;
mod routes;
mod secure;
mod sip;
mod store;
mod supervision;
