//! One pass over a page's entries.

use crate::Hash;
use crate::batch::Extra;
use crate::batch::column::{Bits, Column, Data, Text, Unit, offset};
use crate::batch::fields::Fields;
use crate::batch::names::Names;
use crate::certificate::Certificate;
use crate::error::{Malformed, Result};
use crate::leaf::Kind;
use crate::page::{Entry, Page};

/// The columns of a page, in the order in which they are shown.
pub fn columns(page: &Page, extra: Extra) -> Result<Vec<Column>> {
    let mut builder = Builder::new(page.len(), extra);
    for entry in page.entries() {
        builder.entry(&entry)?;
    }
    Ok(builder.finish(page))
}

struct Builder<'a> {
    index: Vec<u64>,
    timestamp: Vec<i64>,
    timestamp_set: Bits,
    is_precert: Bits,
    fault: Text,
    fault_set: Bits,
    chain: Vec<Hash>,
    chain_offsets: Vec<i32>,
    names: Names<'a>,
    fields: Fields<'a>,
}

impl<'a> Builder<'a> {
    fn new(rows: usize, extra: Extra) -> Self {
        let mut chain_offsets = Vec::with_capacity(rows + 1);
        chain_offsets.push(0);
        Self {
            index: Vec::with_capacity(rows),
            timestamp: Vec::with_capacity(rows),
            timestamp_set: Bits::with_capacity(rows),
            is_precert: Bits::with_capacity(rows),
            fault: Text::with_capacity(rows, 0),
            fault_set: Bits::with_capacity(rows),
            chain: Vec::with_capacity(rows * 3),
            chain_offsets,
            names: Names::with_capacity(rows),
            fields: Fields::new(rows, extra),
        }
    }

    #[inline]
    fn entry(&mut self, entry: &Entry<'a>) -> Result<()> {
        self.index.push(entry.index);
        let timestamp = i64::try_from(entry.timestamp());
        self.timestamp_set.push(timestamp.is_ok());
        self.timestamp.push(timestamp.unwrap_or(0));
        self.is_precert.push(entry.kind() == Kind::Precert);
        self.chain.extend_from_slice(entry.chain());
        self.chain_offsets.push(offset(self.chain.len())?);
        match Certificate::parse(entry.certificate()) {
            Ok(certificate) => {
                self.fields.read(&certificate)?;
                let walked = self.names.read(&certificate)?;
                self.fault(entry.malformed().or(walked.err()))
            }
            Err(fault) => {
                self.fields.none(entry.certificate())?;
                self.names.salvage(entry)?;
                self.fault(Some(entry.malformed().unwrap_or(fault)))
            }
        }
    }

    fn fault(&mut self, fault: Option<Malformed>) -> Result<()> {
        self.fault_set.push(fault.is_some());
        self.fault.push(&fault.map_or_else(String::new, |fault| fault.to_string()))
    }

    fn finish(self, page: &Page) -> Vec<Column> {
        let chain = Data::List { offsets: self.chain_offsets, items: Box::new(Data::Hash(self.chain)) };
        let mut columns = vec![
            Column { name: "index", data: Data::Unsigned(self.index), validity: None },
            Column {
                name: "timestamp",
                data: Data::Time(Unit::Milliseconds, self.timestamp),
                validity: Some(self.timestamp_set),
            },
            Column { name: "is_precert", data: Data::Bool(self.is_precert), validity: None },
            Column { name: "fault", data: Data::Text(self.fault), validity: Some(self.fault_set) },
            Column { name: "leaf_hash", data: Data::Hash(page.leaf_hashes().to_vec()), validity: None },
            Column { name: "names", data: self.names.finish(), validity: None },
        ];
        columns.extend(self.fields.finish());
        columns.push(Column { name: "chain", data: chain, validity: None });
        columns
    }
}
