use certhia_core::access::Policy;
use certhia_core::certificate::{Certificate as Reader, Place};
use certhia_core::general_names::Text;
use certhia_core::{Malformed, der, names, salvage, text};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::extensions::{Extension, Sct};
use crate::fault::{held, malformed};

/// The bytes are kept; each property opens them again, which costs a tenth of a microsecond.
#[pyclass(module = "certhia._core", frozen)]
pub struct Certificate {
    pub(crate) der: Vec<u8>,
    fault: Option<Malformed>,
}

impl Certificate {
    /// A certificate that may be none: then only its names, as far as they can be found, and its hashes are given.
    pub fn lenient(der: &[u8]) -> Self {
        let fault = Reader::parse(der).err();
        Self { der: der.to_vec(), fault }
    }

    fn read<'s, T>(&'s self, py: Python<'_>, otherwise: T, field: impl FnOnce(&Reader<'s>) -> T) -> PyResult<T> {
        held(py, || Ok(Reader::parse(&self.der).map_or(otherwise, |certificate| field(&certificate))))
    }

    /// Names that the bytes show, of one kind or of all.
    fn salvaged(&self, wanted: impl Fn(Place) -> bool) -> Vec<String> {
        let mut out = Vec::new();
        salvage::each_name(&self.der, |name| {
            if !wanted(name.place) {
                return;
            }
            out.extend(match name.place {
                Place::San => Some(text::render(&name.bytes).into_owned()),
                Place::Ip => names::ip_address(&name.bytes).map(|ip| ip.to_string()),
                Place::CommonName if names::looks_like_name(&name.bytes) => {
                    Some(text::render(&name.bytes).into_owned())
                }
                Place::CommonName => None,
            });
        });
        out
    }

    fn attribute<'s>(
        &'s self,
        py: Python<'_>,
        oid: &str,
        get: impl FnOnce(&Reader<'s>, &[u8]) -> Option<String>,
    ) -> PyResult<Option<String>> {
        let Some(oid) = der::from_dotted(oid) else {
            let reason = format!("a dotted object identifier, not {oid:?}");
            return Err(malformed(py, &Malformed::new(reason, 0)));
        };
        self.read(py, None, |certificate| get(certificate, &oid))
    }
}

#[pymethods]
impl Certificate {
    #[staticmethod]
    fn from_der(py: Python<'_>, der: &[u8]) -> PyResult<Self> {
        held(py, || Reader::parse(der).map(drop))?;
        Ok(Self { der: der.to_vec(), fault: None })
    }

    #[getter]
    fn fault(&self) -> Option<String> {
        self.fault.as_ref().map(ToString::to_string)
    }

    #[getter]
    fn der<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.der)
    }

    #[getter]
    fn names(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        if self.fault.is_some() {
            return held(py, || Ok(self.salvaged(|_| true)));
        }
        self.read(py, Vec::new(), Reader::names)
    }

    #[getter]
    fn dns_names(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        if self.fault.is_some() {
            return held(py, || Ok(self.salvaged(|place| place == Place::San)));
        }
        self.read(py, Vec::new(), Reader::dns_names)
    }

    #[getter]
    fn ip_addresses(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        if self.fault.is_some() {
            return held(py, || Ok(self.salvaged(|place| place == Place::Ip)));
        }
        self.read(py, Vec::new(), Reader::ip_addresses)
    }

    #[getter]
    fn common_name(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.read(py, None, |certificate| certificate.subject_attribute(certhia_core::certificate::COMMON_NAME))
    }

    #[getter]
    fn subject(&self, py: Python<'_>) -> PyResult<String> {
        self.read(py, String::new(), Reader::subject)
    }

    #[getter]
    fn issuer(&self, py: Python<'_>) -> PyResult<String> {
        self.read(py, String::new(), Reader::issuer)
    }

    fn subject_attribute(&self, py: Python<'_>, oid: &str) -> PyResult<Option<String>> {
        self.attribute(py, oid, Reader::subject_attribute)
    }

    fn issuer_attribute(&self, py: Python<'_>, oid: &str) -> PyResult<Option<String>> {
        self.attribute(py, oid, Reader::issuer_attribute)
    }

    #[getter]
    fn serial(&self, py: Python<'_>) -> PyResult<String> {
        self.read(py, String::new(), Reader::serial)
    }

    #[getter]
    fn not_before(&self, py: Python<'_>) -> PyResult<i64> {
        self.read(py, 0, |certificate| certificate.validity().0.unwrap_or(0))
    }

    #[getter]
    fn not_after(&self, py: Python<'_>) -> PyResult<i64> {
        self.read(py, 0, |certificate| certificate.validity().1.unwrap_or(0))
    }

    #[getter]
    fn sha256<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &Sha256::digest(&self.der))
    }

    #[getter]
    fn sha1<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &Sha1::digest(&self.der))
    }

    #[getter]
    fn spki_sha256<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let hash = self.read(py, None, |certificate| Some(certificate.spki_sha256()))?;
        Ok(PyBytes::new(py, hash.as_ref().map_or(&[], |hash| &hash[..])))
    }

    #[getter]
    fn tbs_sha256<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let hash = self.read(py, None, |certificate| Some(certificate.tbs_sha256()))?;
        Ok(PyBytes::new(py, &hash.unwrap_or_else(|| Sha256::digest(&self.der).into())))
    }

    #[getter]
    fn logged_tbs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let tbs = self.read(py, None, |certificate| Some(certificate.logged_tbs()))?;
        Ok(PyBytes::new(py, &tbs.unwrap_or_else(|| self.der.clone())))
    }

    #[getter]
    fn is_precert(&self, py: Python<'_>) -> PyResult<bool> {
        self.read(py, false, Reader::is_precert)
    }

    #[getter]
    fn is_ca(&self, py: Python<'_>) -> PyResult<bool> {
        self.read(py, false, Reader::is_ca)
    }

    #[getter]
    fn signature_algorithm(&self, py: Python<'_>) -> PyResult<String> {
        self.read(py, String::new(), Reader::signature_algorithm)
    }

    #[getter]
    fn signature_algorithm_name(&self, py: Python<'_>) -> PyResult<String> {
        self.read(py, String::new(), Reader::signature_algorithm_name)
    }

    #[getter]
    fn signature<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.read(py, &[][..], Reader::signature)?))
    }

    #[getter]
    fn version(&self, py: Python<'_>) -> PyResult<u32> {
        self.read(py, 0, Reader::version)
    }

    #[getter]
    fn subject_attributes(&self, py: Python<'_>) -> PyResult<Vec<(String, String)>> {
        self.read(py, Vec::new(), |certificate| dotted(certificate.subject_attributes()))
    }

    #[getter]
    fn issuer_attributes(&self, py: Python<'_>) -> PyResult<Vec<(String, String)>> {
        self.read(py, Vec::new(), |certificate| dotted(certificate.issuer_attributes()))
    }

    #[getter]
    fn spki<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.read(py, &[][..], Reader::spki)?))
    }

    #[getter]
    fn key_algorithm(&self, py: Python<'_>) -> PyResult<String> {
        self.read(py, String::new(), |certificate| certificate.key().algorithm)
    }

    #[getter]
    fn key_bits(&self, py: Python<'_>) -> PyResult<usize> {
        self.read(py, 0, |certificate| certificate.key().bits)
    }

    #[getter]
    fn key_curve(&self, py: Python<'_>) -> PyResult<String> {
        self.read(py, String::new(), |certificate| certificate.key().curve)
    }

    #[getter]
    fn extensions(&self, py: Python<'_>) -> PyResult<Vec<Extension>> {
        self.read(py, Vec::new(), |certificate| certificate.extensions().iter().map(Extension::new).collect())
    }

    #[getter]
    fn extensions_fault(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.read(py, None, |certificate| certificate.extensions_fault().map(|fault| fault.to_string()))
    }

    #[getter]
    fn alternative_names(&self, py: Python<'_>) -> PyResult<Vec<Text>> {
        self.read(py, Vec::new(), Reader::alternative_names)
    }

    #[getter]
    fn issuer_alternative_names(&self, py: Python<'_>) -> PyResult<Vec<Text>> {
        self.read(py, Vec::new(), Reader::issuer_alternative_names)
    }

    #[getter]
    fn email_addresses(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.read(py, Vec::new(), Reader::email_addresses)
    }

    #[getter]
    fn uris(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.read(py, Vec::new(), Reader::uris)
    }

    #[getter]
    fn scts(&self, py: Python<'_>) -> PyResult<Vec<Sct>> {
        self.read(py, Vec::new(), |certificate| certificate.scts().iter().map(Sct::new).collect())
    }

    #[getter]
    fn subject_key_id<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        Ok(self.read(py, None, Reader::subject_key_id)?.map(|id| PyBytes::new(py, id)))
    }

    #[getter]
    fn authority_key_id<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        Ok(self.read(py, None, Reader::authority_key_id)?.map(|id| PyBytes::new(py, id)))
    }

    #[getter]
    fn path_length(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        self.read(py, None, |certificate| certificate.basic_constraints()?.path_length)
    }

    #[getter]
    fn has_basic_constraints(&self, py: Python<'_>) -> PyResult<bool> {
        self.read(py, false, |certificate| certificate.basic_constraints().is_some())
    }

    #[getter]
    fn key_usage(&self, py: Python<'_>) -> PyResult<Vec<&'static str>> {
        self.read(py, Vec::new(), Reader::key_usage)
    }

    #[getter]
    fn extended_key_usage(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.read(py, Vec::new(), |certificate| certificate.extended_key_usage().into_iter().map(der::dotted).collect())
    }

    #[getter]
    fn policies(&self, py: Python<'_>) -> PyResult<Vec<Policy>> {
        self.read(py, Vec::new(), Reader::policies)
    }

    #[getter]
    fn crl_urls(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.read(py, Vec::new(), Reader::crl_urls)
    }

    #[getter]
    fn authority_info(&self, py: Python<'_>) -> PyResult<Vec<(String, String)>> {
        self.read(py, Vec::new(), Reader::authority_info)
    }

    #[getter]
    fn is_precert_signing(&self, py: Python<'_>) -> PyResult<bool> {
        self.read(py, false, Reader::is_precert_signing)
    }

    #[getter]
    fn is_self_issued(&self, py: Python<'_>) -> PyResult<bool> {
        self.read(py, false, Reader::is_self_issued)
    }
}

fn dotted(attributes: Vec<(&[u8], String)>) -> Vec<(String, String)> {
    attributes.into_iter().map(|(oid, value)| (der::dotted(oid), value)).collect()
}
