use std::sync::Arc;

use certhia_core::batch::Extra;
use certhia_core::leaf::Kind;
use certhia_core::{Malformed, batch, certstream, get_entries, page};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::PyBytes;

use crate::batch::Batch;
use crate::certificate::Certificate;
use crate::fault::{malformed, released};
use crate::issuers::Issuers;
use crate::messages::{Form, Messages, Source, read_positions};

#[pyclass(module = "certhia._core", frozen)]
pub struct Page(pub page::Page);

#[pymethods]
impl Page {
    #[staticmethod]
    #[pyo3(signature = (bodies, first, issuers, max_entries = page::MAX_ENTRIES))]
    fn from_get_entries(
        py: Python<'_>,
        bodies: Vec<Bound<'_, PyBytes>>,
        first: u64,
        issuers: &Issuers,
        max_entries: usize,
    ) -> PyResult<Self> {
        let bodies: Vec<&[u8]> = bodies.iter().map(pyo3::types::PyBytesMethods::as_bytes).collect();
        let issuers = &issuers.0;
        released(py, || page::Page::from_get_entries(&bodies, first, issuers, max_entries)).map(Self)
    }

    #[staticmethod]
    #[pyo3(signature = (body, first, limit = 64 << 20))]
    fn from_tile(py: Python<'_>, body: &[u8], first: u64, limit: usize) -> PyResult<Self> {
        released(py, || page::Page::from_tile(body, first, limit)).map(Self)
    }

    #[staticmethod]
    #[pyo3(signature = (body, first, leaf_hashes, limit = 64 << 20))]
    fn from_tile_by_hashes(
        py: Python<'_>,
        body: &[u8],
        first: u64,
        leaf_hashes: &[u8],
        limit: usize,
    ) -> PyResult<Self> {
        let (hashes, rest) = leaf_hashes.as_chunks();
        if !rest.is_empty() {
            return Err(PyValueError::new_err("leaf_hashes: 32 bytes an entry"));
        }
        released(py, || page::Page::from_tile_by_hashes(body, first, limit, hashes)).map(Self)
    }

    #[getter]
    fn first(&self) -> u64 {
        self.0.first()
    }

    #[getter]
    fn end(&self) -> u64 {
        self.0.end()
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.0.nbytes()
    }

    #[getter]
    fn leaf_hashes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.leaf_hashes().as_flattened())
    }

    #[getter]
    fn issuers<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let page = &self.0;
        let issuers = released(py, || Ok(page.issuers()))?;
        Ok(issuers.iter().map(|fingerprint| PyBytes::new(py, fingerprint)).collect())
    }

    fn timestamp(&self, position: isize) -> PyResult<u64> {
        let position = self.position(position)?;
        Ok(self.0.entry(position).timestamp())
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __getitem__(&self, position: isize) -> PyResult<Entry> {
        let position = self.position(position)?;
        Ok(Entry { page: self.0.clone(), position })
    }

    fn __iter__(&self) -> Entries {
        Entries { page: self.0.clone(), next: 0 }
    }

    #[getter]
    fn batch(&self, py: Python<'_>) -> PyResult<Batch> {
        self.decoded(py, Extra::default())
    }

    fn batch_with(&self, py: Python<'_>, columns: Vec<PyBackedStr>) -> PyResult<Batch> {
        let mut extra = Extra::default();
        for name in &columns {
            match &**name {
                "sha256" => extra.sha256 = true,
                "spki_sha256" => extra.spki_sha256 = true,
                _ => return Err(PyValueError::new_err(format!("sha256 or spki_sha256, not {name:?}"))),
            }
        }
        self.decoded(py, extra)
    }

    #[pyo3(signature = (form, source, issuers, *, seen, verified, positions = None))]
    #[allow(clippy::too_many_arguments)] // four of them by name
    fn messages(
        &self,
        py: Python<'_>,
        form: &Form,
        source: &Source,
        issuers: &Issuers,
        seen: f64,
        verified: u64,
        positions: Option<&[u8]>,
    ) -> PyResult<Messages> {
        let positions = positions.map(read_positions).transpose()?;
        let (page, form, source, issuers) = (&self.0, &form.0, &source.0, &issuers.0);
        let made = || certstream::Messages::new(page, form, source, issuers, seen, verified, positions.as_deref());
        released(py, made).map(Messages)
    }

    fn dump<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let page = &self.0;
        Ok(PyBytes::new(py, &released(py, || Ok(page.dump()))?))
    }

    #[staticmethod]
    fn load(py: Python<'_>, data: &[u8]) -> PyResult<Self> {
        released(py, || page::Page::load(data)).map(Self)
    }

    fn slice(&self, start: u64, end: u64) -> Self {
        Self(self.0.slice(start, end))
    }

    #[staticmethod]
    fn join(py: Python<'_>, pages: Vec<PyRef<'_, Self>>) -> PyResult<Self> {
        let pages: Vec<&page::Page> = pages.iter().map(|page| &page.0).collect();
        released(py, || page::Page::join(&pages)).map(Self)
    }

    fn keep_names(&self, py: Python<'_>) -> PyResult<()> {
        let page = &self.0;
        released(py, || {
            page.keep_names();
            Ok(())
        })
    }

    fn __repr__(&self) -> String {
        format!("Page([{}, {}))", self.0.first(), self.0.end())
    }
}

impl Page {
    fn decoded(&self, py: Python<'_>, extra: Extra) -> PyResult<Batch> {
        let page = &self.0;
        released(py, || batch::Batch::new(page, extra)).map(|batch| Batch(Arc::new(batch)))
    }

    /// A position that is there; negative ones count from the end.
    fn position(&self, position: isize) -> PyResult<usize> {
        let length = self.0.len();
        let from_start = if position < 0 { position + length.cast_signed() } else { position };
        usize::try_from(from_start)
            .ok()
            .filter(|&at| at < length)
            .ok_or_else(|| PyIndexError::new_err(format!("a page of {length} entries has no position {position}")))
    }
}

#[pyclass(module = "certhia._core")]
struct Entries {
    page: page::Page,
    next: usize,
}

#[pymethods]
impl Entries {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self) -> Option<Entry> {
        let position = self.next;
        self.next += 1;
        (position < self.page.len()).then(|| Entry { page: self.page.clone(), position })
    }
}

#[pyclass(module = "certhia._core", frozen)]
pub struct Entry {
    page: page::Page,
    position: usize,
}

impl Entry {
    fn entry(&self) -> page::Entry<'_> {
        self.page.entry(self.position)
    }
}

#[pymethods]
impl Entry {
    #[getter]
    fn index(&self) -> u64 {
        self.entry().index
    }

    #[getter]
    fn timestamp(&self) -> u64 {
        self.entry().timestamp()
    }

    #[getter]
    fn is_precert(&self) -> bool {
        self.entry().kind() == Kind::Precert
    }

    #[getter]
    fn fault(&self) -> Option<String> {
        self.entry().malformed().map(|fault| fault.to_string())
    }

    #[getter]
    fn leaf_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.entry().leaf_hash)
    }

    #[getter]
    fn leaf_input<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.entry().leaf_input())
    }

    #[getter]
    fn tile_leaf<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.entry().tile_leaf())
    }

    #[getter]
    fn raw_extra<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.entry().raw_extra().map(|extra| PyBytes::new(py, extra))
    }

    #[getter]
    fn issuer_key_hash<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.entry().issuer_key_hash().map(|hash| PyBytes::new(py, hash))
    }

    #[getter]
    fn certificate(&self, py: Python<'_>) -> PyResult<Certificate> {
        let entry = self.entry();
        if entry.certificate().is_empty() {
            let fault =
                entry.malformed().unwrap_or(Malformed::new("a certificate of no bytes", entry.leaf_input().len()));
            return Err(malformed(py, &fault));
        }
        Ok(Certificate::lenient(entry.certificate()))
    }

    #[getter]
    fn submitted<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.entry().submitted())
    }

    #[getter]
    fn chain<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        self.entry().chain().iter().map(|fingerprint| PyBytes::new(py, fingerprint)).collect()
    }

    fn unproven(&self, py: Python<'_>, issuers: &Issuers) -> PyResult<Option<String>> {
        let (entry, issuers) = (self.entry(), &issuers.0);
        released(py, || Ok(entry.unproven(issuers).map(|reason| reason.to_string())))
    }

    fn __repr__(&self) -> String {
        format!("Entry(index={})", self.entry().index)
    }
}

#[pyfunction]
pub fn count_get_entries(py: Python<'_>, body: &[u8]) -> PyResult<usize> {
    released(py, || get_entries::count(body))
}
