//! The body that fuzzers and `cargo test` drive: any bytes at all are read, and what comes of them is sound.

use crate::{Arena, Document, Form, Limits, Names, NodeId, NodeRef, Position, Unreadable, decode, parse, xhtml_of};

/// Reads any bytes into a fresh arena and into a used one, and checks that both say the same and that it is sound.
///
/// # Panics
///
/// When anything is not as it has to be: that is what a fuzzer looks for.
pub fn read_anything(bytes: &[u8], used: &mut Arena, names: &Names) {
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(unreadable) => return sound_position(&unreadable),
    };
    let again = parse(&text, used, names, Limits::default()).map(|read| summary(&read));
    let mut arena = Arena::new();
    match parse(&text, &mut arena, names, Limits::default()) {
        Ok(document) => {
            sound_tree(&document);
            assert_eq!(again, Ok(summary(&document)), "a used arena makes a difference");
        }
        Err(unreadable) => {
            sound_position(&unreadable);
            assert_eq!(again, Err(unreadable), "a used arena makes a difference");
        }
    }
}

fn sound_position(unreadable: &Unreadable) {
    assert!(unreadable.position >= Position { line: 1, column: 1 });
    assert!(!unreadable.reason.is_empty() && unreadable.reason.len() < 1000);
}

/// Each node is a child of its parent exactly once and comes after it; values and places lie in the source.
fn sound_tree(document: &Document<'_>) {
    let mut seen = vec![false; document.len()];
    seen[0] = true;
    for id in 0..document.len() as u32 {
        let node = document.node(NodeId(id));
        assert!(node.start() as usize <= document.source().len());
        if let Some(value) = node.value() {
            assert!(value.len() <= document.source().len());
        }
        for child in node.children() {
            assert!(child.id() > node.id() && child.parent() == Some(node));
            assert!(!std::mem::replace(&mut seen[child.id().0 as usize], true));
        }
        if node.form() == Form::Markup {
            let checked = xhtml_of(node, Limits::default(), |_| {});
            assert_eq!(checked, Ok(()), "markup that the reader let pass");
        } else if node.name_text() == "div" {
            let _ = xhtml_of(node, Limits::default(), |_| {});
        }
    }
    assert!(seen.into_iter().all(|s| s), "a node that is no one's child");
    assert!(document.faults().is_sorted_by_key(|f| f.offset));
    for fault in document.faults() {
        assert!((fault.node.0 as usize) < document.len() && fault.detail.chars().count() <= 80);
    }
}

type Line = (NodeId, String, String, Form, bool, Option<String>, u32);

fn summary(document: &Document<'_>) -> Vec<Line> {
    (0..document.len() as u32).map(|id| line(document.node(NodeId(id)))).collect()
}

fn line(node: NodeRef<'_>) -> Line {
    (
        node.parent().map_or(NodeId::ROOT, NodeRef::id),
        node.name_text().to_owned(),
        node.resource_text().to_owned(),
        node.form(),
        node.in_array(),
        node.value().map(str::to_owned),
        node.start(),
    )
}
