//! Which element a row of a differential speaks of: its path, and the slice of each segment.

use std::collections::HashSet;

use foldhash::fast::FixedState;

use crate::definition::ElementDefinition;

/// One step of a path, and the slice that is meant there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment<'r> {
    pub name: &'r str,
    pub slice: Option<&'r str>,
}

/// The slices that the rows read so far have opened: a row without an id belongs to the slice before it.
#[derive(Default)]
pub(crate) struct Context<'r> {
    open: Vec<Segment<'r>>,
    /// Ids that call a slice otherwise than its `sliceName` does: the rows below it have the id's word.
    aliases: Vec<(&'r str, &'r str)>,
    /// Ids that several rows have: they do not say which element is meant.
    ambiguous: Vec<&'r str>,
    /// Memory for the next segments.
    spare: Vec<Segment<'r>>,
}

impl<'r> Context<'r> {
    /// For these rows, which are asked for in their order.
    pub fn new(rows: &'r [ElementDefinition]) -> Self {
        let mut ids = HashSet::with_capacity_and_hasher(rows.len(), FixedState::default());
        let ids_of_rows = rows.iter().map(|row| &*row.id).filter(|id| !id.is_empty());
        let ambiguous = ids_of_rows.filter(|id| !ids.insert(*id)).collect();
        Context { ambiguous, ..Context::default() }
    }

    /// The segments of a row. Its id says which slices are meant; where it has none, or one that contradicts the path, the
    /// rows before it do.
    pub fn segments(&mut self, row: &'r ElementDefinition) -> &[Segment<'r>] {
        let mut segments = std::mem::take(&mut self.spare);
        segments.clear();
        // Paths are short, and there are many: a byte at a time is three times as fast as `str::split`.
        let mut start = 0;
        for (at, byte) in row.path.bytes().enumerate() {
            if byte == b'.' {
                segments.push(Segment { name: &row.path[start..at], slice: None });
                start = at + 1;
            }
        }
        segments.push(Segment { name: &row.path[start..], slice: None });
        if !self.slices_by_id(row, &mut segments) {
            self.slices_by_place(row, &mut segments);
        }
        self.spare = std::mem::replace(&mut self.open, segments);
        &self.open
    }

    /// The segments that were asked for last.
    pub fn open(&self) -> &[Segment<'r>] {
        &self.open
    }

    /// How many of the segments that were asked for last are those of the row before it.
    pub fn repeated(&self) -> usize {
        self.open.iter().zip(&self.spare).take_while(|(now, before)| now == before).count()
    }

    fn slices_by_place(&self, row: &'r ElementDefinition, segments: &mut [Segment<'r>]) {
        let mut same = true;
        let inner = segments.len() - 1;
        for (depth, segment) in segments.iter_mut().enumerate() {
            let open = self.open.get(depth).filter(|o| o.name == segment.name);
            same = same && open.is_some();
            segment.slice = open.filter(|_| same && depth < inner).and_then(|o| o.slice);
        }
        if let Some(slice) = row.slice_name.as_deref() {
            segments[inner].slice = Some(slice);
        }
    }

    /// Sets the slices that an id names; false when the id does not go with the path and with `sliceName`.
    fn slices_by_id(&mut self, row: &'r ElementDefinition, segments: &mut [Segment<'r>]) -> bool {
        if row.id.is_empty() || self.ambiguous.contains(&&*row.id) {
            return false;
        }
        // Most ids are the path itself, and name no slice.
        let plain = row.id == row.path && !row.id.bytes().any(|byte| byte == b':');
        if !plain && !self.slices_in_id(&row.id, segments) {
            return false;
        }
        if let (Some(last), Some(slice)) = (segments.last_mut(), row.slice_name.as_deref()) {
            if last.slice.is_some_and(|l| l != slice) {
                self.aliases.push((&row.id, slice));
            }
            last.slice = Some(slice);
        }
        true
    }

    fn slices_in_id(&self, id: &'r str, segments: &mut [Segment<'r>]) -> bool {
        let mut start = 0;
        for segment in segments {
            let Some(rest) = id.get(start..) else { return false };
            let (mut end, mut colon) = (rest.len(), None);
            for (at, byte) in rest.bytes().enumerate() {
                match byte {
                    b'.' => {
                        end = at;
                        break;
                    }
                    b':' if colon.is_none() => colon = Some(at),
                    _ => {}
                }
            }
            let part = &rest[..end];
            let (label, slice) = colon.map_or((part, None), |at| (&part[..at], Some(&part[at + 1..])));
            // `value[x]:valueCoding` and `valueCoding:valueCoding` both speak of `valueCoding`.
            let renamed = || label.strip_suffix("[x]").is_some_and(|stem| segment.name.starts_with(stem));
            if label != segment.name && !renamed() {
                return false;
            }
            let prefix = &id[..start + end];
            let alias = self.aliases.iter().rev().find(|(id, _)| *id == prefix).map(|(_, slice)| *slice);
            segment.slice = slice.map(|slice| alias.unwrap_or(slice));
            start += end + 1;
        }
        start > id.len()
    }
}
