//! English sentences.
mod beside;
mod meant;
mod read;
