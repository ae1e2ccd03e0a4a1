//! Speech engines of other machines, over real sockets: what they do right, and that whatever they do wrong ends in the answer of an engine
//! of this machine.
mod configured;
mod hearing;
mod speaking;
mod speech_model_call;
mod speech_model_servers;
mod speech_models;
mod speech_servers;

#[path = "../e2e/peer.rs"]
#[expect(dead_code, reason = "more of it is for tests/e2e")]
mod peer;
#[path = "../e2e/server.rs"]
#[expect(dead_code, reason = "more of it is for tests/e2e")]
mod server;
#[path = "../e2e/sound.rs"]
#[expect(dead_code, reason = "more of it is for tests/e2e")]
mod sound;
#[path = "../e2e/speech.rs"]
#[expect(dead_code, reason = "more of it is for tests/e2e")]
mod speech;
#[path = "../e2e/testbed.rs"]
#[expect(dead_code, reason = "more of it is for tests/e2e")]
mod testbed;
