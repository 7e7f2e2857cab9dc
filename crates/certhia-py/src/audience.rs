use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use certhia_core::audience::{self, Asked, Only};
use certhia_core::suffixes;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::PyBytes;

use crate::fault::{held, released};
use crate::page::Page;
use crate::rules::{Suffixes, known};

#[pyclass(module = "certhia._core", frozen)]
pub struct Filter(Arc<audience::Filter>);

#[pymethods]
impl Filter {
    #[new]
    #[pyo3(
        signature = (rules = Vec::new(), excluded = Vec::new(), issuers = Vec::new(), tlds = Vec::new(), kind = ""),
        text_signature = "(rules=(), excluded=(), issuers=(), tlds=(), kind='')"
    )]
    fn new(
        py: Python<'_>,
        rules: Vec<(PyBackedStr, PyBackedStr)>,
        excluded: Vec<(PyBackedStr, PyBackedStr)>,
        issuers: Vec<PyBackedStr>,
        tlds: Vec<PyBackedStr>,
        kind: &str,
    ) -> PyResult<Self> {
        let (rules, excluded) = (of_kinds(py, &rules)?, of_kinds(py, &excluded)?);
        let issuers: Vec<&str> = issuers.iter().map(|text| &**text).collect();
        let tlds: Vec<&str> = tlds.iter().map(|name| &**name).collect();
        let only = held(py, || Only::from_name(kind))?;
        let asked = Asked { rules: &rules, excluded: &excluded, issuers: &issuers, tlds: &tlds, only };
        released(py, || audience::Filter::new(asked)).map(|filter| Self(Arc::new(filter)))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.0.nbytes()
    }

    #[getter]
    fn compiled(&self) -> usize {
        self.0.compiled()
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }
}

fn of_kinds<'a>(
    py: Python<'_>,
    rules: &'a [(PyBackedStr, PyBackedStr)],
) -> PyResult<Vec<(certhia_core::rules::Kind, &'a str)>> {
    rules.iter().map(|(kind, value)| Ok((known(py, kind)?, &**value))).collect()
}

#[pyclass(module = "certhia._core", frozen)]
pub struct Audience(audience::Audience);

#[pymethods]
impl Audience {
    #[new]
    #[pyo3(signature = (filters, suffixes = None))]
    fn new(py: Python<'_>, filters: Vec<PyRef<'_, Filter>>, suffixes: Option<&Suffixes>) -> PyResult<Self> {
        let filters: Vec<Arc<audience::Filter>> = filters.iter().map(|filter| Arc::clone(&filter.0)).collect();
        let shipped = suffixes::Suffixes::shipped();
        let suffixes = suffixes.map_or(&shipped, |given| &given.0);
        released(py, || audience::Audience::new(&filters, suffixes)).map(Self)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[getter]
    fn distinct(&self) -> usize {
        self.0.distinct()
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.0.nbytes()
    }

    fn select<'py>(&self, py: Python<'py>, page: &Page) -> PyResult<Vec<(u32, Bound<'py, PyBytes>)>> {
        let (audience, page) = (&self.0, &page.0);
        let selected = released(py, || Ok(audience.select(page)))?;
        let mut out = Vec::new();
        for (distinct, positions) in selected.each() {
            let positions = PyBytes::new(py, positions);
            out.extend(audience.given(distinct).iter().map(|&number| (number, positions.clone())));
        }
        out.sort_unstable_by_key(|&(number, _)| number);
        Ok(out)
    }
}

#[pyclass(module = "certhia._core")]
pub struct Sightings(audience::Sightings);

#[pymethods]
impl Sightings {
    #[new]
    fn new(py: Python<'_>, capacity: usize) -> PyResult<Self> {
        held(py, || audience::Sightings::new(capacity)).map(Self)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.0.nbytes()
    }

    fn fresh_among<'py>(
        &mut self,
        py: Python<'py>,
        page: &Page,
        choices: Vec<(u64, Option<PyBackedBytes>)>,
    ) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let (sightings, page) = (&mut self.0, &page.0);
        let choices: Vec<_> = choices.iter().map(|(scope, chosen)| (*scope, chosen.as_deref())).collect();
        let fresh = released(py, || sightings.fresh_among(page, &choices))?;
        Ok(fresh.iter().map(|positions| PyBytes::new(py, positions)).collect())
    }
}
