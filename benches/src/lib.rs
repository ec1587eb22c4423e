//! What the benchmarks share: the messages they run over, and the peers they compare with.

mod corpus;
mod peers;

pub use corpus::{Corpus, documents, names};
pub use peers::{PeerArena, jiter_arena, only_parse, quick_xml_arena};
