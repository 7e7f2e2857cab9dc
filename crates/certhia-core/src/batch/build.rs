//! One pass over a page's entries.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::Hash;
use crate::batch::Extra;
use crate::batch::column::{Bits, Column, Data, Text, Unit, offset};
use crate::batch::fields::Fields;
use crate::batch::names::Names;
use crate::certificate::Certificate;
use crate::error::{self, Malformed, Result};
use crate::leaf::Kind;
use crate::page::{Entry, Page};

/// So many entries of a page may show a defect of ours before the page is given up.
const MAX_DEFECTS: usize = 16;

/// The columns of a page, in the order in which they are shown.
pub fn columns(page: &Page, extra: Extra) -> Result<Vec<Column>> {
    columns_with(page, extra, Builder::certificate)
}

/// `read` reads one entry's certificate. A panic in it is a defect of ours, and costs that entry alone: the page is read
/// once more, and the entry's row says so.
fn columns_with<'a>(
    page: &'a Page,
    extra: Extra,
    read: impl Fn(&mut Builder<'a>, &Entry<'a>) -> Result<()>,
) -> Result<Vec<Column>> {
    let mut defects: HashMap<usize, String> = HashMap::new();
    loop {
        let mut at = 0;
        let work = AssertUnwindSafe(|| {
            let mut builder = Builder::new(page.len(), extra);
            for (position, entry) in page.entries().enumerate() {
                at = position;
                builder.frame(&entry)?;
                match defects.get(&position) {
                    None => read(&mut builder, &entry)?,
                    Some(reason) => builder.defect(reason)?,
                }
            }
            Ok(builder.finish(page))
        });
        match catch_unwind(work) {
            Ok(columns) => return columns,
            Err(panic) if defects.len() == MAX_DEFECTS => resume_unwind(panic),
            Err(panic) => defects.insert(at, error::defect(&*panic)),
        };
    }
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

    /// What the entry says besides its certificate.
    #[inline]
    fn frame(&mut self, entry: &Entry<'a>) -> Result<()> {
        self.index.push(entry.index);
        let timestamp = i64::try_from(entry.timestamp());
        self.timestamp_set.push(timestamp.is_ok());
        self.timestamp.push(timestamp.unwrap_or(0));
        self.is_precert.push(entry.kind() == Kind::Precert);
        self.chain.extend_from_slice(entry.chain());
        self.chain_offsets.push(offset(self.chain.len())?);
        Ok(())
    }

    #[inline]
    fn certificate(&mut self, entry: &Entry<'a>) -> Result<()> {
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

    /// A row without a certificate.
    fn defect(&mut self, reason: &str) -> Result<()> {
        self.fields.none(&[])?;
        self.names.none()?;
        self.fault_set.push(true);
        self.fault.push(reason)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuers::Issuers;

    fn page(count: usize) -> Page {
        let leaf = base64_simd::STANDARD.encode_to_string([&[0; 15][..], &[0; 2]].concat());
        let item = format!(r#"{{"leaf_input":"{leaf}","extra_data":""}}"#);
        let body = format!(r#"{{"entries":[{}]}}"#, vec![item; count].join(","));
        Page::from_get_entries(&[body.as_bytes()], 0, &Issuers::new(1), count).unwrap()
    }

    /// Positions of the rows that say that they are a defect.
    fn defects(page: &Page, broken: &[u64]) -> Vec<usize> {
        let columns = columns_with(page, Extra::default(), |builder, entry| {
            builder.certificate(entry)?;
            assert!(!broken.contains(&entry.index), "entry {} is poison", entry.index);
            Ok(())
        });
        let columns = columns.unwrap();
        assert!(columns.iter().all(|column| column.data.len() == page.len()));
        let Some(Column { data: Data::Text(faults), .. }) = columns.iter().find(|column| column.name == "fault") else {
            panic!("a column of faults");
        };
        (0..page.len()).filter(|&row| faults.get(row).contains("is poison")).collect()
    }

    #[test]
    fn a_panic_costs_one_entry() {
        let page = page(20);
        assert_eq!(defects(&page, &[]), []);
        assert_eq!(defects(&page, &[0, 7, 19]), [0, 7, 19]);
    }

    #[test]
    #[should_panic(expected = "is poison")]
    fn a_page_that_is_all_defects_is_given_up() {
        defects(&page(20), &(0..20).collect::<Vec<_>>());
    }
}
