//! `Segment`: a part of an utterance that was decoded as one word or phone.

/// A word or phone with its first and last frame (10 ms each) and its acoustic score over them (logarithm to the base
/// 1.0001, shifted right by 10; 0 is the best state of each frame).
#[derive(Clone, Debug)]
pub struct Segment {
    pub word: String,
    pub from: i32,
    pub to: i32,
    pub score: i32,
}
