//! Vietnamese sentences.
mod meant;
mod read;
