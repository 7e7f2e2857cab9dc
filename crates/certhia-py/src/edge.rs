use certhia_core::{Hash, Malformed, edge, merkle};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fault::{malformed, released};
use crate::page::Page;

/// A hash from Python, checked to be one.
pub fn hash(py: Python<'_>, bytes: &[u8], what: &str) -> PyResult<Hash> {
    bytes.try_into().map_err(|_| {
        let reason = format!("{what}: 32 bytes, not {}", bytes.len());
        malformed(py, &Malformed::new(reason, 0))
    })
}

/// Hashes that stand one behind the other.
fn hashes<'a>(py: Python<'_>, bytes: &'a [u8], what: &str) -> PyResult<&'a [Hash]> {
    let (whole, rest) = bytes.as_chunks();
    if rest.is_empty() {
        return Ok(whole);
    }
    let reason = format!("{what}: 32 bytes each, not {} in all", bytes.len());
    Err(malformed(py, &Malformed::new(reason, 0)))
}

fn proof(py: Python<'_>, nodes: &[Bound<'_, PyBytes>]) -> PyResult<Vec<Hash>> {
    nodes.iter().map(|node| hash(py, node.as_bytes(), "a node")).collect()
}

#[pyclass(module = "certhia._core")]
pub struct Edge(edge::Edge);

#[pymethods]
impl Edge {
    #[new]
    #[pyo3(signature = (size = 0, hashes = None))]
    fn new(py: Python<'_>, size: u64, hashes: Option<&[u8]>) -> PyResult<Self> {
        let hashes = self::hashes(py, hashes.unwrap_or_default(), "hashes")?.to_vec();
        edge::Edge::new(size, hashes).map(Self).map_err(|fault| malformed(py, &fault))
    }

    #[getter]
    fn size(&self) -> u64 {
        self.0.size()
    }

    #[getter]
    fn hashes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.hashes().as_flattened())
    }

    fn append(&mut self, py: Python<'_>, leaf_hashes: &[u8]) -> PyResult<()> {
        let leaves = hashes(py, leaf_hashes, "leaf hashes")?;
        let edge = &mut self.0;
        released(py, || edge.append(leaves))
    }

    #[pyo3(signature = (page, count = None))]
    fn append_page(&mut self, py: Python<'_>, page: &Page, count: Option<usize>) -> PyResult<()> {
        let page = &page.0;
        if page.first() != self.0.size() {
            let (first, size) = (page.first(), self.0.size());
            return Err(PyValueError::new_err(format!(
                "an edge of {size} entries can't take a page that begins at {first}"
            )));
        }
        let leaves = page.leaf_hashes();
        let count = count.unwrap_or(leaves.len());
        let Some(leaves) = leaves.get(..count) else {
            return Err(PyValueError::new_err(format!("a page of {} entries has no {count}", leaves.len())));
        };
        let edge = &mut self.0;
        released(py, || edge.append(leaves))
    }

    fn append_nodes(&mut self, py: Python<'_>, nodes: Vec<Bound<'_, PyBytes>>, size: u64) -> PyResult<()> {
        let nodes = proof(py, &nodes)?;
        self.0.append_nodes(&nodes, size).map_err(|fault| malformed(py, &fault))
    }

    fn root<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.root())
    }

    fn copy(&self) -> Self {
        Self(self.0.clone())
    }

    fn __repr__(&self) -> String {
        format!("Edge(size={})", self.0.size())
    }
}

#[pyfunction]
pub fn cover(py: Python<'_>, start: u64, end: u64) -> PyResult<Vec<(u32, u64)>> {
    if start > end || end > merkle::MAX_SIZE {
        let reason = format!("a range of entries, not [{start}, {end})");
        return Err(malformed(py, &Malformed::new(reason, 0)));
    }
    Ok(merkle::cover(start, end))
}

#[pyfunction]
#[pyo3(signature = (leaf_hash, size, proof, root))]
pub fn edge_from_inclusion(
    py: Python<'_>,
    leaf_hash: &[u8],
    size: u64,
    proof: Vec<Bound<'_, PyBytes>>,
    root: &[u8],
) -> PyResult<Edge> {
    let leaf = hash(py, leaf_hash, "leaf_hash")?;
    let root = hash(py, root, "root")?;
    let proof = self::proof(py, &proof)?;
    edge::Edge::from_inclusion(&leaf, size, &proof, &root).map(Edge).map_err(|fault| malformed(py, &fault))
}

#[pyfunction]
pub fn leaf_hash<'py>(py: Python<'py>, leaf_input: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &merkle::leaf_hash(leaf_input))
}

#[pyfunction]
pub fn node_hash<'py>(py: Python<'py>, left: &[u8], right: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let node = merkle::node_hash(&hash(py, left, "left")?, &hash(py, right, "right")?);
    Ok(PyBytes::new(py, &node))
}

#[pyfunction]
pub fn verify_inclusion(
    py: Python<'_>,
    leaf_hash: &[u8],
    index: u64,
    size: u64,
    proof: Vec<Bound<'_, PyBytes>>,
    root: &[u8],
) -> PyResult<bool> {
    let leaf = hash(py, leaf_hash, "leaf_hash")?;
    let root = hash(py, root, "root")?;
    Ok(merkle::verify_inclusion(&leaf, index, size, &self::proof(py, &proof)?, &root))
}

#[pyfunction]
pub fn verify_consistency(
    py: Python<'_>,
    m: u64,
    old_root: &[u8],
    n: u64,
    new_root: &[u8],
    proof: Vec<Bound<'_, PyBytes>>,
) -> PyResult<bool> {
    let old = hash(py, old_root, "old_root")?;
    let new = hash(py, new_root, "new_root")?;
    Ok(merkle::verify_consistency(m, &old, n, &new, &self::proof(py, &proof)?))
}
