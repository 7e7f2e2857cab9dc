use std::sync::Arc;

use certhia_core::scan::Match;
use certhia_core::together::MAX_TOGETHER;
use certhia_core::{Malformed, rules, scan};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyDict};

use crate::certificate::Certificate;
use crate::fault::{malformed, released};
use crate::page::Page;

/// (rule number, name, where, why, detail, score)
type Hit<'a> = (u32, &'a str, &'static str, &'static str, &'a str, u8);

fn hit(found: &Match) -> Hit<'_> {
    (found.rule, &found.name, found.place, found.why.as_str(), &found.detail, found.score)
}

#[pyclass(module = "certhia._core", frozen)]
pub struct Scan(scan::Scan);

#[pymethods]
impl Scan {
    #[getter]
    fn hits(&self) -> Vec<(usize, Vec<Hit<'_>>)> {
        let hits = self.0.hits.iter();
        hits.map(|(position, matches)| (*position, matches.iter().map(hit).collect())).collect()
    }

    #[getter]
    fn quarantined(&self) -> Vec<(usize, &str)> {
        self.0.quarantined.iter().map(|(position, reason)| (*position, reason.as_str())).collect()
    }

    #[getter]
    fn precerts(&self) -> usize {
        self.0.precerts
    }

    #[getter]
    fn names(&self) -> usize {
        self.0.names
    }
}

#[pyclass(module = "certhia._core", frozen)]
pub struct Matcher(pub Arc<rules::Matcher>);

#[pymethods]
impl Matcher {
    #[new]
    fn new(py: Python<'_>, rules: Vec<(PyBackedStr, PyBackedStr)>) -> PyResult<Self> {
        let mut kinds = Vec::with_capacity(rules.len());
        for (number, (kind, _)) in rules.iter().enumerate() {
            kinds.push(rules::Kind::from_name(kind).ok_or_else(|| {
                let reason = format!("rule {number}: there is no kind {kind:?}, only {}", rules::Kind::NAMES);
                malformed(py, &Malformed::new(reason, 0))
            })?);
        }
        let pairs = kinds.into_iter().zip(rules.iter().map(|(_, value)| &**value));
        released(py, || rules::Matcher::new(pairs)).map(|matcher| Self(Arc::new(matcher)))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn rule(&self, number: i64) -> PyResult<(&'static str, &str, String)> {
        let found = u32::try_from(number).ok().and_then(|number| self.0.rule(number));
        let (kind, value, text) = found.ok_or_else(|| {
            PyIndexError::new_err(format!("there is no rule {number}; {} rules are numbered from 0", self.0.len()))
        })?;
        Ok((kind.as_str(), value, text))
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.0.nbytes()
    }

    #[pyo3(signature = (page, *, precerts = true))]
    fn scan(&self, py: Python<'_>, page: &Page, precerts: bool) -> PyResult<Scan> {
        let (matcher, page) = (&self.0, &page.0);
        released(py, || Ok(matcher.scan(page, precerts))).map(Scan)
    }

    #[pyo3(name = "match")]
    fn match_names<'py>(&self, py: Python<'py>, names: Vec<PyBackedStr>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let matcher = &self.0;
        let found = released(py, || Ok(matcher.texts(names.iter().map(|name| &**name))))?;
        found.iter().map(|one| hit(one).into_bound_py_any(py)).collect()
    }

    fn certificate<'py>(&self, py: Python<'py>, certificate: &Certificate) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let found = released(py, || Ok(self.0.certificate(&certificate.der)))?;
        found.iter().map(|one| hit(one).into_bound_py_any(py)).collect()
    }
}

#[pyfunction]
#[pyo3(signature = (page, wanted, *, keep_names = false))]
pub fn scan_together(
    py: Python<'_>,
    page: &Page,
    wanted: Vec<(PyRef<'_, Matcher>, bool)>,
    keep_names: bool,
) -> PyResult<Vec<Scan>> {
    if wanted.len() > MAX_TOGETHER {
        let reason =
            format!("at most {MAX_TOGETHER} matchers together, not {}; call it for some of them", wanted.len());
        return Err(PyValueError::new_err(reason));
    }
    let page = &page.0;
    let wanted: Vec<(&rules::Matcher, bool)> =
        wanted.iter().map(|(matcher, precerts)| (&*matcher.0, *precerts)).collect();
    let found = released(py, || Ok(page.scan_together(&wanted, keep_names)))?;
    Ok(found.into_iter().map(Scan).collect())
}

/// Nanoseconds an entry of each part of the work alone.
#[pyfunction]
#[pyo3(
    signature = (bodies, matcher, rounds = 5, tiles = Vec::new()),
    text_signature = "(bodies, matcher, rounds=5, tiles=())"
)]
pub fn floor<'py>(
    py: Python<'py>,
    bodies: Vec<Bound<'_, PyBytes>>,
    matcher: &Matcher,
    rounds: usize,
    tiles: Vec<Bound<'_, PyBytes>>,
) -> PyResult<Bound<'py, PyDict>> {
    let bodies: Vec<&[u8]> = bodies.iter().map(pyo3::types::PyBytesMethods::as_bytes).collect();
    let tiles: Vec<&[u8]> = tiles.iter().map(pyo3::types::PyBytesMethods::as_bytes).collect();
    let matcher = &matcher.0;
    let parts = released(py, || certhia_core::floor::floor(&bodies, &tiles, matcher, rounds))?;
    let out = PyDict::new(py);
    for (name, nanoseconds) in parts {
        out.set_item(name, nanoseconds)?;
    }
    Ok(out)
}
