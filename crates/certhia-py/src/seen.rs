//! What was seen before, in memory that Python owns, such as a mapped file.
//!
//! Besides `arrow` the only unsafe code: the memory is looked at as atomic words, without a copy and without the GIL.

use std::sync::atomic::AtomicU64;

use certhia_core::{Malformed, novel, seen, suffixes};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::fault::{held, malformed, released};
use crate::messages::read_positions;
use crate::page::Page;
use crate::rules::Suffixes;

/// Pages of so many bytes, a tenth of a millisecond's work, are looked at with the GIL held: to have it again costs a busy
/// program more than the look.
const BRIEF: usize = 1 << 20;

/// A writable buffer. As long as it is held, its owner can neither move nor free the memory.
struct Layer(PyBuffer<u8>);

impl Layer {
    fn new(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let buffer = PyBuffer::<u8>::get(object)?;
        let whole = buffer.item_count().is_multiple_of(size_of::<AtomicU64>());
        let aligned = buffer.buf_ptr().cast::<AtomicU64>().is_aligned();
        if buffer.readonly() || !buffer.is_c_contiguous() || !whole || !aligned || buffer.item_count() == 0 {
            let reason = "a layer: a writable, contiguous buffer of 64-byte blocks, aligned to 8 bytes";
            return Err(PyValueError::new_err(reason));
        }
        Ok(Self(buffer))
    }

    fn words(&self) -> &[AtomicU64] {
        let count = self.0.item_count() / size_of::<AtomicU64>();
        // SAFETY: the buffer is contiguous, writable, not empty, aligned and as long as checked in `new`, and stays where
        // it is while `self.0` is held, which the lifetime of the slice is bound to. An AtomicU64 has the size of 8 bytes
        // and no invalid values. Whoever else reads or writes the memory meanwhile is another of these calls, which does
        // it by atomics; its owner is told to leave it alone (`_core.pyi`).
        unsafe { std::slice::from_raw_parts(self.0.buf_ptr().cast::<AtomicU64>(), count) }
    }
}

#[pyclass(module = "certhia._core", frozen, get_all)]
pub struct Novel {
    new: Vec<(usize, String)>,
    count: usize,
    names: usize,
    domains: usize,
    unread: usize,
}

#[pymethods]
impl Novel {
    fn __repr__(&self) -> String {
        format!("Novel(count={}, domains={})", self.count, self.domains)
    }
}

#[pyfunction]
#[pyo3(signature = (page, layers, key, *, limit = 10_000, positions = None, suffixes = None))]
#[allow(clippy::too_many_arguments)] // three of them by name
pub fn novel_domains(
    py: Python<'_>,
    page: &Page,
    layers: Vec<Bound<'_, PyAny>>,
    key: &[u8],
    limit: usize,
    positions: Option<&[u8]>,
    suffixes: Option<&Suffixes>,
) -> PyResult<Novel> {
    let layers: Vec<Layer> = layers.iter().map(Layer::new).collect::<PyResult<_>>()?;
    let words: Vec<&[AtomicU64]> = layers.iter().map(Layer::words).collect();
    let key = key
        .try_into()
        .map_err(|_| malformed(py, &Malformed::new(format!("a key of {} bytes; it has 16", key.len()), 0)))?;
    let positions = positions.map(read_positions).transpose()?;
    let (page, suffixes) = (&page.0, given(suffixes));
    let work = || {
        let seen = seen::Seen::new(&words, key)?;
        Ok(page.novel(&seen, &suffixes, positions.as_deref(), limit))
    };
    let found = if page.nbytes() <= BRIEF { held(py, work) } else { released(py, work) }?;
    let novel::Novel { new, count, names, domains, unread } = found;
    let new = new.into_iter().map(|(position, domain)| (position, domain.into_string())).collect();
    Ok(Novel { new, count, names, domains, unread })
}

#[pyfunction]
#[pyo3(signature = (page, suffixes = None, *, limit = 10_000))]
pub fn registrable_domains(
    py: Python<'_>,
    page: &Page,
    suffixes: Option<&Suffixes>,
    limit: usize,
) -> PyResult<Vec<Vec<String>>> {
    let (page, suffixes) = (&page.0, given(suffixes));
    let found = released(py, || Ok(page.registrable_domains(&suffixes, limit)))?;
    Ok(found.into_iter().map(|each| each.into_iter().map(String::from).collect()).collect())
}

#[pyfunction]
pub fn seen_fill(py: Python<'_>, layer: &Bound<'_, PyAny>) -> PyResult<(f64, f64)> {
    let layer = Layer::new(layer)?;
    let words = layer.words();
    let fill = released(py, || seen::fill(words))?;
    Ok((fill.count, fill.error_rate))
}

/// A cheap copy of these, or of the shipped ones.
fn given(suffixes: Option<&Suffixes>) -> suffixes::Suffixes {
    suffixes.map_or_else(suffixes::Suffixes::shipped, |given| given.0.clone())
}
