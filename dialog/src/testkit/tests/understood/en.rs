//! English sentences.
mod meant;
mod read;
