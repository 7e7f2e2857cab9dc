use certhia_core::{extensions, oids, sct};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

#[pyclass(module = "certhia._core", frozen)]
pub struct Extension {
    oid: String,
    critical: bool,
    value: Vec<u8>,
}

impl Extension {
    pub fn new(extension: &extensions::Extension<'_>) -> Self {
        Self { oid: extension.dotted(), critical: extension.critical, value: extension.value.body.to_vec() }
    }
}

#[pymethods]
impl Extension {
    #[getter]
    fn oid(&self) -> &str {
        &self.oid
    }

    #[getter]
    fn name(&self) -> &'static str {
        oids::extension(&self.oid)
    }

    #[getter]
    fn critical(&self) -> bool {
        self.critical
    }

    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.value)
    }

    fn __repr__(&self) -> String {
        let name = Some(self.name()).filter(|name| !name.is_empty()).unwrap_or(&self.oid);
        format!("Extension({name}{})", if self.critical { ", critical" } else { "" })
    }
}

/// The whole SerializedSCT; each property reads it again.
#[pyclass(module = "certhia._core", frozen)]
pub struct Sct(Vec<u8>);

impl Sct {
    pub fn new(sct: &sct::Sct<'_>) -> Self {
        Self(sct.raw.to_vec())
    }

    fn bytes<'py>(&self, py: Python<'py>, field: impl Fn(&sct::Sct<'_>) -> Vec<u8>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &sct::Sct::parse(&self.0).map(|sct| field(&sct)).unwrap_or_default())
    }

    fn number<T: Default>(&self, field: impl Fn(&sct::Sct<'_>) -> T) -> T {
        sct::Sct::parse(&self.0).map(|sct| field(&sct)).unwrap_or_default()
    }
}

#[pymethods]
impl Sct {
    #[getter]
    fn version(&self) -> u8 {
        self.number(|sct| sct.version)
    }

    #[getter]
    fn log_id<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        self.bytes(py, |sct| sct.log_id.to_vec())
    }

    #[getter]
    fn timestamp(&self) -> u64 {
        self.number(|sct| sct.timestamp)
    }

    #[getter]
    fn extensions<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        self.bytes(py, |sct| sct.extensions.to_vec())
    }

    #[getter]
    fn hash_algorithm(&self) -> u8 {
        self.number(|sct| sct.hash_algorithm)
    }

    #[getter]
    fn signature_algorithm(&self) -> u8 {
        self.number(|sct| sct.signature_algorithm)
    }

    #[getter]
    fn signature<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        self.bytes(py, |sct| sct.signature.to_vec())
    }

    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0)
    }

    fn __repr__(&self) -> String {
        format!("Sct(version={}, timestamp={})", self.version(), self.timestamp())
    }
}
