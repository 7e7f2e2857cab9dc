//! `certhia._core`: converts, releases the GIL, turns a panic into one error. Everything else is in `certhia-core`.

mod arrow;
mod audience;
mod batch;
mod certificate;
mod edge;
mod extensions;
mod fault;
mod handshake;
mod hello;
mod issuers;
mod matcher;
mod messages;
mod note;
mod page;
mod rules;
mod seen;
mod targets;

use pyo3::prelude::*;
use pyo3::types::PyDict;

#[pymodule]
mod _core {
    #[pymodule_export]
    use super::audience::{Audience, Filter, Sightings};
    #[pymodule_export]
    use super::batch::Batch;
    #[pymodule_export]
    use super::certificate::Certificate;
    #[pymodule_export]
    use super::edge::{Edge, cover, edge_from_inclusion, leaf_hash, node_hash, verify_consistency, verify_inclusion};
    #[pymodule_export]
    use super::extensions::{Extension, Sct};
    #[pymodule_export]
    use super::handshake::Handshake;
    #[pymodule_export]
    use super::hello::{Flight, Hello, Jarm, alert_name, cipher_name, group_name, signature_scheme_name, version_name};
    #[pymodule_export]
    use super::issuers::Issuers;
    #[pymodule_export]
    use super::matcher::{Matcher, Scan, floor, scan_together};
    #[pymodule_export]
    use super::messages::{Form, Messages, Source};
    #[pymodule_export]
    use super::note::{Note, registrable_domain, to_ascii};
    #[pymodule_export]
    use super::page::{Entry, Page, count_get_entries};
    #[pymodule_export]
    use super::rules::{LinesRead, Rules, Suffixes};
    #[pymodule_export]
    use super::seen::{Novel, novel_domains, registrable_domains, seen_fill};
    #[pymodule_export]
    use super::targets::{Permutation, Ranges};

    use super::{Bound, PyModule, PyResult, build_info};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("build_info", build_info(module.py())?)
    }
}

fn build_info(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let info = PyDict::new(py);
    info.set_item("version", env!("CARGO_PKG_VERSION"))?;
    info.set_item("profile", if cfg!(debug_assertions) { "debug" } else { "release" })?;
    info.set_item("target", format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS))?;
    info.set_item("features", features().join(","))?;
    Ok(info)
}

/// Instructions of this machine that the core's speed depends on.
fn features() -> Vec<&'static str> {
    #[cfg(target_arch = "x86_64")]
    {
        let found = [("sha", std::is_x86_feature_detected!("sha")), ("avx2", std::is_x86_feature_detected!("avx2"))];
        found.into_iter().filter_map(|(name, there)| there.then_some(name)).collect()
    }
    #[cfg(target_arch = "aarch64")]
    {
        let found = [("sha2", std::arch::is_aarch64_feature_detected!("sha2"))];
        found.into_iter().filter_map(|(name, there)| there.then_some(name)).collect()
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    Vec::new()
}
