//! Descriptions and fragments that lie.
