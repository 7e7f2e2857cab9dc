use std::net::IpAddr;

use certhia_core::{Malformed, targets};
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

use crate::fault::{held, malformed, released};

#[derive(FromPyObject)]
enum Excluded<'py> {
    Ranges(PyRef<'py, Ranges>),
    Texts(Vec<PyBackedStr>),
}

#[pyclass(module = "certhia._core", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub struct Ranges(targets::Ranges);

#[pymethods]
impl Ranges {
    #[new]
    #[pyo3(signature = (texts = Vec::new(), excluded = None))]
    fn new(py: Python<'_>, texts: Vec<PyBackedStr>, excluded: Option<Excluded<'_>>) -> PyResult<Self> {
        let parse = |texts: &[PyBackedStr]| targets::Ranges::parse(texts.iter().map(|text| &**text));
        let wanted = released(py, || parse(&texts))?;
        let without = match &excluded {
            None => return Ok(Self(wanted)),
            Some(Excluded::Ranges(ranges)) => &ranges.0,
            Some(Excluded::Texts(texts)) => &released(py, || parse(texts))?,
        };
        released(py, || wanted.minus(without)).map(Self)
    }

    #[getter]
    fn count(&self) -> u128 {
        self.0.count()
    }

    #[getter]
    fn spans(&self) -> Vec<(String, String)> {
        self.0.spans().map(|(first, last)| (first.to_string(), last.to_string())).collect()
    }

    fn at(&self, position: u128) -> PyResult<String> {
        let address = self.0.at(position).ok_or_else(|| nothing_at(position, self.0.count()))?;
        Ok(address.to_string())
    }

    fn contains(&self, py: Python<'_>, address: &str) -> PyResult<bool> {
        let parsed: IpAddr = address.parse().map_err(|_| {
            let shown: String = address.chars().take(100).collect();
            malformed(py, &Malformed::new(format!("{shown:?} is no IP address"), 0))
        })?;
        Ok(self.0.contains(parsed))
    }

    fn minus(&self, py: Python<'_>, excluded: &Self) -> PyResult<Self> {
        released(py, || self.0.minus(&excluded.0)).map(Self)
    }

    fn visit(
        &self,
        py: Python<'_>,
        order: &Permutation,
        ports: Vec<u16>,
        start: u128,
        count: usize,
    ) -> PyResult<Vec<(String, u16)>> {
        let visited = || {
            let found = self.0.visit(&order.0, &ports, start, count)?;
            Ok(found.into_iter().map(|(address, port)| (address.to_string(), port)).collect())
        };
        released(py, visited)
    }

    fn __repr__(&self) -> String {
        format!("Ranges(count={})", self.0.count())
    }
}

#[pyclass(module = "certhia._core", frozen)]
pub struct Permutation(targets::Permutation);

#[pymethods]
impl Permutation {
    #[new]
    fn new(py: Python<'_>, count: u128, key: &[u8]) -> PyResult<Self> {
        held(py, || Ok(Self(targets::Permutation::new(count, key))))
    }

    #[getter]
    fn count(&self) -> u128 {
        self.0.len()
    }

    fn at(&self, position: u128) -> PyResult<u128> {
        self.0.at(position).ok_or_else(|| nothing_at(position, self.0.len()))
    }

    fn __repr__(&self) -> String {
        format!("Permutation(count={})", self.0.len())
    }
}

fn nothing_at(position: u128, count: u128) -> PyErr {
    PyIndexError::new_err(format!("there is no position {position} among {count}"))
}
