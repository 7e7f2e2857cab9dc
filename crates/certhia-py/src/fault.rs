//! Errors on their way to Python.

use std::panic::{AssertUnwindSafe, catch_unwind};

use certhia_core::Malformed;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// Gives `certhia.errors.Malformed(reason, offset)`.
pub fn malformed(py: Python<'_>, fault: &Malformed) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    match CLASS.import(py, "certhia.errors", "Malformed") {
        Ok(class) => PyErr::from_type(class.clone(), (fault.reason.to_string(), fault.offset)),
        Err(error) => error,
    }
}

/// Runs `work` without the GIL; a panic in it becomes `certhia.errors.CerthiaError`.
pub fn released<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Malformed> + Send) -> PyResult<T> {
    match py.detach(|| catch_unwind(AssertUnwindSafe(work))) {
        Ok(result) => result.map_err(|fault| malformed(py, &fault)),
        Err(panic) => Err(defect(py, &*panic)),
    }
}

/// Runs `work` with the GIL held, for what takes a microsecond; panics as in `released`.
pub fn held<T>(py: Python<'_>, work: impl FnOnce() -> Result<T, Malformed>) -> PyResult<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|fault| malformed(py, &fault)),
        Err(panic) => Err(defect(py, &*panic)),
    }
}

fn defect(py: Python<'_>, panic: &(dyn std::any::Any + Send)) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    match CLASS.import(py, "certhia.errors", "CerthiaError") {
        Ok(class) => PyErr::from_type(class.clone(), (certhia_core::error::defect(panic),)),
        Err(error) => error,
    }
}
