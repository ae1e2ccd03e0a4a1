//! Speech engines of other machines, over real sockets: what they do right, and that whatever they do wrong ends in the answer of an engine
//! of this machine.
mod configured;
mod hearing;
mod speaking;
mod speech_servers;
