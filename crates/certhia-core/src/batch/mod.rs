//! A page decoded into columns, one row an entry, as Arrow lays them out.

mod build;
mod column;
mod fields;
mod issuers;
mod keys;
pub(crate) mod memo;
mod names;

pub use column::{Bits, Column, Data, Text, Unit, place};

use crate::error::Result;
use crate::page::Page;

/// A decoded page. Immutable: whoever looks at its columns shares them.
#[derive(Debug)]
pub struct Batch {
    first: u64,
    rows: usize,
    columns: Vec<Column>,
}

/// Columns that cost a hash each, made only when asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extra {
    /// SHA-256 of the leaf's own certificate or TBS.
    pub sha256: bool,
    pub spki_sha256: bool,
}

impl Batch {
    /// Decodes each entry once. What can't be decoded has its row too: `fault` says why, `names` holds what can still be
    /// found.
    pub fn new(page: &Page, extra: Extra) -> Result<Self> {
        let columns = build::columns(page, extra)?;
        Ok(Self { first: page.first(), rows: page.len(), columns })
    }

    /// Log index of the first row.
    pub fn first(&self) -> u64 {
        self.first
    }

    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Memory that the columns take.
    pub fn nbytes(&self) -> usize {
        self.columns.iter().map(Column::nbytes).sum()
    }
}
