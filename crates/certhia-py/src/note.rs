use certhia_core::{names, note};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fault::held;

#[pyclass(module = "certhia._core", frozen)]
pub struct Note {
    note: note::Note,
    signed: Vec<u8>,
}

#[pymethods]
impl Note {
    #[staticmethod]
    fn parse(py: Python<'_>, text: &[u8]) -> PyResult<Self> {
        let note = held(py, || note::Note::parse(text))?;
        let signed = text[..note.signed].to_vec();
        Ok(Self { note, signed })
    }

    #[getter]
    fn origin(&self) -> &str {
        &self.note.origin
    }

    #[getter]
    fn size(&self) -> u64 {
        self.note.size
    }

    #[getter]
    fn root<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.note.root)
    }

    #[getter]
    fn signed<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.signed)
    }

    #[getter]
    fn signatures<'py>(&self, py: Python<'py>) -> Vec<(&str, Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
        let signatures = self.note.signatures.iter();
        signatures.map(|one| (one.name.as_str(), PyBytes::new(py, &one.key_id), PyBytes::new(py, &one.bytes))).collect()
    }
}

#[pyfunction]
pub fn registrable_domain(name: &str) -> Option<String> {
    names::registrable_domain(name)
}

#[pyfunction]
pub fn to_ascii(py: Python<'_>, name: &str) -> PyResult<String> {
    held(py, || names::to_ascii(name))
}
