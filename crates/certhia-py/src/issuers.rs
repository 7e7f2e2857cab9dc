use std::sync::Arc;

use certhia_core::issuers;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::edge::hash;
use crate::fault::held;

#[pyclass(module = "certhia._core", frozen)]
pub struct Issuers(pub Arc<issuers::Issuers>);

#[pymethods]
impl Issuers {
    #[new]
    #[pyo3(signature = (capacity = 4096))]
    fn new(capacity: usize) -> Self {
        Self(Arc::new(issuers::Issuers::new(capacity)))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn get<'py>(&self, py: Python<'py>, fingerprint: &[u8]) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let fingerprint = hash(py, fingerprint, "fingerprint")?;
        Ok(self.0.get(&fingerprint).map(|der| PyBytes::new(py, &der)))
    }

    fn add<'py>(&self, py: Python<'py>, der: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let fingerprint = held(py, || Ok(self.0.add(der)))?;
        Ok(PyBytes::new(py, &fingerprint))
    }
}
