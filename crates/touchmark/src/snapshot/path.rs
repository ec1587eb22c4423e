//! Which element a row of a differential speaks of: its path, and the slice of each segment.

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
    /// Ids that several rows have, sorted: they do not say which element is meant.
    repeated: Vec<&'r str>,
}

impl<'r> Context<'r> {
    /// For these rows, which are asked for in their order.
    pub fn new(rows: &'r [ElementDefinition]) -> Self {
        let mut ids: Vec<&str> = rows.iter().map(|row| &*row.id).filter(|id| !id.is_empty()).collect();
        ids.sort_unstable();
        let mut repeated: Vec<&str> = ids.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        repeated.dedup();
        Context { repeated, ..Context::default() }
    }

    /// The segments of a row. Its id says which slices are meant; where it has none, or one that contradicts the path, the
    /// rows before it do.
    pub fn segments(&mut self, row: &'r ElementDefinition) -> Vec<Segment<'r>> {
        let names: Vec<&str> = row.path.split('.').collect();
        let slices = self.slices_by_id(row, &names).unwrap_or_else(|| self.slices_by_place(row, &names));
        let segments: Vec<Segment<'r>> =
            names.iter().zip(slices).map(|(name, slice)| Segment { name, slice }).collect();
        self.open.clone_from(&segments);
        segments
    }

    fn slices_by_place(&self, row: &'r ElementDefinition, names: &[&'r str]) -> Vec<Option<&'r str>> {
        let mut same = true;
        let mut slices: Vec<Option<&'r str>> = Vec::with_capacity(names.len());
        for (depth, name) in names.iter().enumerate() {
            let open = self.open.get(depth).filter(|o| o.name == *name);
            same = same && open.is_some();
            slices.push(open.filter(|_| same && depth + 1 < names.len()).and_then(|o| o.slice));
        }
        if let (Some(last), Some(slice)) = (slices.last_mut(), row.slice_name.as_deref()) {
            *last = Some(slice);
        }
        slices
    }

    /// The slices that an id names, when the id goes with the path and with `sliceName`.
    fn slices_by_id(&mut self, row: &'r ElementDefinition, names: &[&'r str]) -> Option<Vec<Option<&'r str>>> {
        if row.id.is_empty()
            || self.repeated.binary_search(&&*row.id).is_ok()
            || row.id.split('.').count() != names.len()
        {
            return None;
        }
        let mut slices = Vec::with_capacity(names.len());
        let mut end = 0;
        for (name, part) in names.iter().zip(row.id.split('.')) {
            end += part.len() + usize::from(end > 0);
            let (label, slice) = part.split_once(':').map_or((part, None), |(n, s)| (n, Some(s)));
            // `value[x]:valueCoding` and `valueCoding:valueCoding` both speak of `valueCoding`.
            let renamed = label.strip_suffix("[x]").is_some_and(|stem| name.starts_with(stem));
            if label != *name && !renamed {
                return None;
            }
            let prefix = &row.id[..end];
            let alias = self.aliases.iter().rev().find(|(id, _)| *id == prefix).map(|(_, slice)| *slice);
            slices.push(slice.map(|slice| alias.unwrap_or(slice)));
        }
        if let (Some(last), Some(slice)) = (slices.last_mut(), row.slice_name.as_deref()) {
            if last.is_some_and(|l| l != slice) {
                self.aliases.push((&row.id, slice));
            }
            *last = Some(slice);
        }
        Some(slices)
    }
}
