use std::ffi::CStr;
use std::sync::Arc;

use certhia_core::batch::{self, Column, Data};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyList, PyString};

use crate::arrow;

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";

#[pyclass(module = "certhia._core", frozen)]
pub struct Batch(pub Arc<batch::Batch>);

#[pymethods]
impl Batch {
    #[getter]
    fn first(&self) -> u64 {
        self.0.first()
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.0.nbytes()
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[getter]
    fn names(&self) -> Vec<&'static str> {
        self.0.columns().iter().map(|column| column.name).collect()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyList>> {
        let column = self.0.column(name).ok_or_else(|| {
            PyKeyError::new_err(format!("a batch has no column {name:?}, but {}", self.names().join(", ")))
        })?;
        let values = (0..self.0.len()).map(|row| value(py, column, row));
        PyList::new(py, values.collect::<PyResult<Vec<_>>>()?)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        PyCapsule::new_with_value(py, arrow::Schema::of(&self.0), SCHEMA)
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyCapsule>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        if let Some(requested) = requested_schema {
            self.check(requested)?;
        }
        let array = PyCapsule::new_with_value(py, arrow::Array::of(&self.0), ARRAY)?;
        Ok((self.__arrow_c_schema__(py)?, array))
    }

    fn __repr__(&self) -> String {
        format!("Batch(first={}, rows={})", self.0.first(), self.0.len())
    }
}

impl Batch {
    /// A request is met as far as it can be, which is by the columns as they are; but one that no cast could lead to is
    /// refused, as the interface has it.
    fn check(&self, requested: &Bound<'_, PyCapsule>) -> PyResult<()> {
        let fields = arrow::requested_fields(requested.pointer_checked(Some(SCHEMA))?);
        let columns = self.0.columns().len();
        if fields == Some(columns) {
            return Ok(());
        }
        Err(PyValueError::new_err(format!(
            "a schema of a struct with {columns} fields, as __arrow_c_schema__ gives it"
        )))
    }
}

fn value<'py>(py: Python<'py>, column: &Column, row: usize) -> PyResult<Bound<'py, PyAny>> {
    if column.is_set(row) { item(py, &column.data, row) } else { Ok(py.None().into_bound(py)) }
}

fn item<'py>(py: Python<'py>, data: &Data, at: usize) -> PyResult<Bound<'py, PyAny>> {
    Ok(match data {
        Data::Bool(bits) => bits.get(at).into_pyobject(py)?.to_owned().into_any(),
        Data::Unsigned(values) => values[at].into_pyobject(py)?.into_any(),
        Data::Small(values) => values[at].into_pyobject(py)?.into_any(),
        Data::Time(_, values) => values[at].into_pyobject(py)?.into_any(),
        Data::Hash(values) => PyBytes::new(py, &values[at]).into_any(),
        Data::Text(text) => PyString::new(py, text.get(at)).into_any(),
        Data::Dictionary { keys, values } => item(py, values, batch::place(keys[at]))?,
        Data::List { offsets, items } => {
            let range = batch::place(offsets[at])..batch::place(offsets[at + 1]);
            let values: PyResult<Vec<_>> = range.map(|at| item(py, items, at)).collect();
            PyList::new(py, values?)?.into_any()
        }
    })
}
