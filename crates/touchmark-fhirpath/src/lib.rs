//! Placeholder: its author fills it in.
