//! From byte offsets, which Cedar speaks of, to lines and columns, which people read.

use crate::diagnostic::Span;

/// Where the lines of a text begin.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// The span of `length` bytes from `offset`; beyond the text's end, its end.
    pub(super) fn span(&self, offset: usize, length: usize) -> Span {
        let (line, column) = self.place(offset);
        let (end_line, end_column) = self.place(offset.saturating_add(length));
        let empty = (line, column) == (end_line, end_column);
        Span { line, column, end_line, end_column: if empty { end_column.saturating_add(1) } else { end_column } }
    }

    fn place(&self, offset: usize) -> (u32, u32) {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (narrow(line), narrow(column + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_scalars_from_one() {
        let lines = Lines::new("ab\néé x\n");
        assert_eq!(lines.span(8, 1), Span { line: 2, column: 4, end_line: 2, end_column: 5 });
        assert_eq!(lines.span(0, 4), Span { line: 1, column: 1, end_line: 2, end_column: 1 });
        assert_eq!(lines.span(999, 1).line, 3);
    }
}
