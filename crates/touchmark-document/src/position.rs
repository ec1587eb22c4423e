//! Lines and columns of byte offsets, found only when something is to be said there.

/// A line and a column, both from 1; columns count Unicode scalar values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

/// Finds the positions of offsets of one text; it goes on from where it found the last one.
#[derive(Clone, Debug)]
pub struct Positions<'s> {
    source: &'s str,
    at: usize,
    position: Position,
}

impl<'s> Positions<'s> {
    /// Positions in this text.
    pub fn new(source: &'s str) -> Self {
        Positions { source, at: 0, position: Position { line: 1, column: 1 } }
    }

    /// The line and column of a byte offset; past the end, those of the end.
    pub fn of(&mut self, offset: u32) -> Position {
        let mut offset = (offset as usize).min(self.source.len());
        while !self.source.is_char_boundary(offset) {
            offset -= 1;
        }
        if offset < self.at {
            *self = Positions::new(self.source);
        }
        let between = &self.source[self.at..offset];
        self.at = offset;
        let lines = memchr::memchr_iter(b'\n', between.as_bytes()).count() as u32;
        if lines == 0 {
            self.position.column += between.chars().count() as u32;
        } else {
            let line_start = memchr::memrchr(b'\n', between.as_bytes()).map_or(0, |n| n + 1);
            self.position.line += lines;
            self.position.column = between[line_start..].chars().count() as u32 + 1;
        }
        self.position
    }
}

/// The line and column of a byte offset.
pub(crate) fn position_in(source: &str, offset: u32) -> Position {
    Positions::new(source).of(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_the_same_in_any_order() {
        let text = "a\n\r\né\u{1f600}x\n\n";
        let wanted: Vec<(u32, u32)> = vec![
            (1, 1),
            (1, 2),
            (2, 1),
            (2, 2),
            (3, 1),
            (3, 1),
            (3, 2),
            (3, 2),
            (3, 2),
            (3, 2),
            (3, 3),
            (3, 4),
            (4, 1),
            (5, 1),
            (5, 1),
        ];
        let mut ascending = Positions::new(text);
        for (offset, (line, column)) in wanted.iter().enumerate() {
            let position = Position { line: *line, column: *column };
            assert_eq!(ascending.of(offset as u32), position, "{offset}");
            assert_eq!(position_in(text, offset as u32), position, "{offset}");
        }
        assert_eq!(ascending.of(1), Position { line: 1, column: 2 });
    }
}
