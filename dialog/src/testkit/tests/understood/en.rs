//! English sentences.
mod beside;
mod clear;
mod meant;
mod read;
