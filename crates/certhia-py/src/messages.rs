use certhia_core::certstream;
use certhia_core::suffixes;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

use crate::fault::{held, released};
use crate::rules::Suffixes;

#[pyclass(module = "certhia._core", frozen)]
pub struct Source(pub certstream::Source);

#[pymethods]
impl Source {
    #[new]
    #[pyo3(signature = (log_id, name, url, kind, operator = "", monitoring_url = ""))]
    fn new(
        py: Python<'_>,
        log_id: &[u8],
        name: &str,
        url: &str,
        kind: &str,
        operator: &str,
        monitoring_url: &str,
    ) -> PyResult<Self> {
        held(py, || certstream::Source::new(log_id, name, url, kind, operator, monitoring_url)).map(Self)
    }

    fn cursor(&self, index: u64) -> String {
        self.0.cursor(index)
    }
}

#[pyclass(module = "certhia._core", frozen)]
pub struct Form(pub certstream::Form);

#[pymethods]
impl Form {
    #[new]
    #[pyo3(signature = (kind, profile = "certhia", *, cursor = None, suffixes = None))]
    fn new(
        py: Python<'_>,
        kind: &str,
        profile: &str,
        cursor: Option<bool>,
        suffixes: Option<&Suffixes>,
    ) -> PyResult<Self> {
        let suffixes = suffixes.map_or_else(suffixes::Suffixes::shipped, |suffixes| suffixes.0.clone());
        held(py, || certstream::Form::new(kind, profile, cursor, suffixes)).map(Self)
    }
}

/// Frames, how many, and the indexes of the first and the last entry.
type Choice<'py> = (Bound<'py, PyBytes>, usize, u64, u64);

#[pyclass(module = "certhia._core", frozen)]
pub struct Messages(pub certstream::Messages);

#[pymethods]
impl Messages {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[getter]
    fn positions(&self) -> Vec<u16> {
        self.0.positions().to_vec()
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.0.nbytes()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, number: isize) -> PyResult<Bound<'py, PyBytes>> {
        let length = self.0.len();
        let from_start = if number < 0 { number + length.cast_signed() } else { number };
        let message = usize::try_from(from_start).ok().and_then(|number| self.0.get(number));
        let message =
            message.ok_or_else(|| PyIndexError::new_err(format!("there are {length} messages, no {number}")))?;
        Ok(PyBytes::new(py, message))
    }

    #[pyo3(signature = (framing, positions = None))]
    fn frames<'py>(&self, py: Python<'py>, framing: &str, positions: Option<&[u8]>) -> PyResult<Bound<'py, PyBytes>> {
        let positions = positions.map(read_positions).transpose()?;
        let messages = &self.0;
        let framed = released(py, || messages.frames(certstream::Framing::from_name(framing)?, positions.as_deref()))?;
        Ok(PyBytes::new(py, &framed))
    }

    fn choices<'py>(&self, py: Python<'py>, framing: &str, choices: Vec<PyBackedBytes>) -> PyResult<Vec<Choice<'py>>> {
        let messages = &self.0;
        let framed = released(py, || {
            let framing = certstream::Framing::from_name(framing)?;
            choices.iter().map(|choice| messages.choice(framing, choice)).collect::<Result<Vec<_>, _>>()
        })?;
        Ok(framed.iter().map(|one| (PyBytes::new(py, &one.data), one.count, one.first, one.last)).collect())
    }
}

/// Positions as they go through Python: 16 bits each, little-endian.
pub fn read_positions(bytes: &[u8]) -> PyResult<Vec<u16>> {
    let (pairs, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        return Err(PyValueError::new_err("positions: 2 bytes each, little-endian"));
    }
    Ok(pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect())
}
