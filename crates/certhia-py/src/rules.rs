use std::sync::Arc;

use certhia_core::{Malformed, rules, suffixes};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fault::{held, malformed, released};
use crate::matcher::Matcher;

#[pyclass(module = "certhia._core")]
pub struct Rules(rules::Rules);

#[pymethods]
impl Rules {
    #[new]
    fn new() -> Self {
        Self(rules::Rules::default())
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[pyo3(signature = (kind, value, scope = 0))]
    fn add(&mut self, py: Python<'_>, kind: &str, value: &str, scope: u32) -> PyResult<u32> {
        let kind = known(py, kind)?;
        held(py, || self.0.add(kind, value, scope))
    }

    #[pyo3(signature = (kind, value, scope = 0))]
    fn exclude(&mut self, py: Python<'_>, kind: &str, value: &str, scope: u32) -> PyResult<()> {
        let kind = known(py, kind)?;
        held(py, || self.0.exclude(kind, value, scope))
    }

    #[pyo3(signature = (text, scope = 0))]
    fn add_lines(&mut self, py: Python<'_>, text: &[u8], scope: u32) -> PyResult<LinesRead> {
        let rules = &mut self.0;
        released(py, || rules.add_lines(text, scope)).map(LinesRead)
    }

    #[pyo3(signature = (suffixes = None))]
    fn build(&mut self, py: Python<'_>, suffixes: Option<&Suffixes>) -> PyResult<Matcher> {
        let rules = std::mem::take(&mut self.0);
        let shipped = suffixes::Suffixes::shipped();
        let suffixes = suffixes.map_or(&shipped, |given| &given.0);
        released(py, || rules.build(suffixes)).map(|matcher| Matcher(Arc::new(matcher)))
    }
}

/// The kind of that name.
pub fn known(py: Python<'_>, kind: &str) -> PyResult<rules::Kind> {
    rules::Kind::from_name(kind).ok_or_else(|| {
        let reason = format!("a rule of kind {kind:?}; there are {}", rules::Kind::NAMES);
        malformed(py, &Malformed::new(reason, 0))
    })
}

#[pyclass(module = "certhia._core", frozen)]
pub struct LinesRead(rules::LinesRead);

#[pymethods]
impl LinesRead {
    #[getter]
    fn first(&self) -> u32 {
        self.0.first
    }

    #[getter]
    fn count(&self) -> usize {
        self.0.count
    }

    #[getter]
    fn odd<'py>(&self, py: Python<'py>) -> Vec<(usize, Bound<'py, PyBytes>)> {
        self.0.odd.iter().map(|(number, line)| (*number, PyBytes::new(py, line))).collect()
    }

    #[getter]
    fn more(&self) -> bool {
        self.0.more
    }

    #[getter]
    fn wide(&self) -> Vec<usize> {
        self.0.wide.clone()
    }
}

#[pyclass(module = "certhia._core", frozen)]
pub struct Suffixes(pub suffixes::Suffixes);

#[pymethods]
impl Suffixes {
    #[staticmethod]
    fn shipped() -> Self {
        Self(suffixes::Suffixes::shipped())
    }

    #[staticmethod]
    fn parse(py: Python<'_>, text: &[u8]) -> PyResult<Self> {
        released(py, || suffixes::Suffixes::parse(text)).map(Self)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[getter]
    fn version(&self) -> &str {
        self.0.version()
    }

    fn registrable_domain(&self, name: &str) -> Option<String> {
        self.0.registrable_domain(name)
    }
}
