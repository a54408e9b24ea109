//! The schemas of all kinds, ready to judge by. Making one ready costs more than judging a small catalog: who judges
//! again and again keeps them.

use super::{Row, TABLE};
use crate::document::schema::Schema;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Each is made ready when it is asked for first.
pub(crate) struct Schemas(BTreeMap<&'static str, Ready>);

#[derive(Default)]
struct Ready {
    document: OnceLock<Schema>,
    spec: OnceLock<Schema>,
}

impl Default for Schemas {
    fn default() -> Self {
        Self(TABLE.iter().map(|row| (row.name, Ready::default())).collect())
    }
}

impl Schemas {
    /// Of a whole document of this kind; none for a row that is not in the table.
    pub(crate) fn document(&self, row: &Row) -> Option<&Schema> {
        Some(self.0.get(row.name)?.document.get_or_init(|| row.schema()))
    }

    /// Of what a rule of this kind itself says, without its governance; none where a kind is no intent.
    pub(crate) fn spec(&self, kind: &str) -> Option<&Schema> {
        let (row, ready) = (super::row(kind)?, self.0.get(kind)?);
        row.translator.as_ref()?;
        Some(ready.spec.get_or_init(|| Schema::new((row.spec)())))
    }
}
