use certhia_core::hello::{self, jarm, jarm_answers, names};
use certhia_core::{Malformed, text};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::fault::{held, malformed};

#[pyclass(module = "certhia._core", frozen)]
pub struct Hello(hello::Hello);

#[pymethods]
impl Hello {
    #[new]
    #[pyo3(
        signature = (
            *, versions = (hello::TLS_1_0, hello::TLS_1_2), ciphers = None, groups = None, signature_schemes = None,
            alpn = Vec::new(), status_request = true, scts = true, extensions = true
        ),
        text_signature = "(*, versions=(769, 771), ciphers=None, groups=None, signature_schemes=None, alpn=(), \
            status_request=True, scts=True, extensions=True)"
    )]
    #[allow(clippy::too_many_arguments, reason = "keywords of Python")]
    fn new(
        py: Python<'_>,
        versions: (u16, u16),
        ciphers: Option<Vec<u16>>,
        groups: Option<Vec<u16>>,
        signature_schemes: Option<Vec<u16>>,
        alpn: Vec<String>,
        status_request: bool,
        scts: bool,
        extensions: bool,
    ) -> PyResult<Self> {
        let alpn: Vec<&[u8]> = alpn.iter().map(String::as_bytes).collect();
        let (ciphers, groups) = (ciphers.as_deref(), groups.as_deref());
        let schemes = signature_schemes.as_deref();
        let options =
            hello::Options { versions, ciphers, groups, schemes, alpn: &alpn, status_request, scts, extensions };
        held(py, || hello::Hello::new(&options)).map(Self)
    }

    fn make<'py>(&self, py: Python<'py>, server_name: Option<&str>, random: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        held(py, || self.0.make(server_name, random)).map(|bytes| PyBytes::new(py, &bytes))
    }
}

#[pyclass(module = "certhia._core")]
pub struct Flight(hello::Flight);

#[pymethods]
impl Flight {
    #[new]
    #[pyo3(
        signature = (most_bytes = hello::MAX_BYTES, most_certificates = hello::MAX_CERTIFICATES),
        text_signature = "(most_bytes=100000, most_certificates=16)"
    )]
    fn new(py: Python<'_>, most_bytes: usize, most_certificates: usize) -> PyResult<Self> {
        if !(1..=1 << 24).contains(&most_bytes) {
            let reason = format!("a flight of 1 to {} bytes, not {most_bytes}", 1 << 24);
            return Err(malformed(py, &Malformed::new(reason, 0)));
        }
        Ok(Self(hello::Flight::new(most_bytes, most_certificates)))
    }

    fn feed<'py>(&mut self, py: Python<'py>, data: &[u8]) -> PyResult<&Bound<'py, PyString>> {
        let flight = &mut self.0;
        held(py, || Ok(flight.feed(data))).map(|state| named(py, state))
    }

    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        named(py, self.0.state())
    }

    #[getter]
    fn fault(&self) -> Option<(&'static str, String)> {
        self.0.fault().map(|fault| (fault.kind.name(), fault.detail))
    }

    #[getter]
    fn alert(&self) -> Option<(u8, u8)> {
        self.0.alert()
    }

    #[getter]
    fn version(&self) -> Option<u16> {
        self.0.hello().map(hello::ServerHello::version)
    }

    #[getter]
    fn higher_version(&self) -> Option<u16> {
        self.0.hello()?.higher_version()
    }

    #[getter]
    fn legacy_version(&self) -> Option<u16> {
        self.0.hello().map(|hello| hello.legacy_version)
    }

    #[getter]
    fn cipher(&self) -> Option<u16> {
        self.0.hello().map(|hello| hello.cipher)
    }

    #[getter]
    fn compression(&self) -> Option<u8> {
        self.0.hello().map(|hello| hello.compression)
    }

    #[getter]
    fn random<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.0.hello().map(|hello| PyBytes::new(py, &hello.random))
    }

    #[getter]
    fn session_id<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.session_id())
    }

    #[getter]
    fn retry(&self) -> bool {
        self.0.hello().is_some_and(hello::ServerHello::is_retry)
    }

    #[getter]
    fn extensions(&self) -> Vec<u16> {
        self.0.hello().map(|hello| hello.extensions.clone()).unwrap_or_default()
    }

    #[getter]
    fn alpn(&self) -> Option<String> {
        self.0.alpn().map(|name| text::render(name).into_owned())
    }

    #[getter]
    fn group(&self) -> Option<u16> {
        self.0.group()
    }

    #[getter]
    fn prime_bits(&self) -> Option<u32> {
        self.0.exchange().prime_bits
    }

    #[getter]
    fn signature_scheme(&self) -> Option<u16> {
        self.0.exchange().scheme
    }

    #[getter]
    fn certificates<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        self.0.certificates().map(|der| PyBytes::new(py, der)).collect()
    }

    #[getter]
    fn staple<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.0.staple().map(|response| PyBytes::new(py, response))
    }

    #[getter]
    fn scts<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        self.0.scts().map(|sct| PyBytes::new(py, sct)).collect()
    }

    #[getter]
    fn client_certificate(&self) -> bool {
        self.0.client_certificate()
    }

    #[getter]
    fn ja3s(&self) -> Option<String> {
        self.0.hello().map(hello::ServerHello::ja3s)
    }

    #[getter]
    fn ja3s_hash(&self) -> Option<String> {
        self.0.hello().map(hello::ServerHello::ja3s_hash)
    }
}

#[pyclass(module = "certhia._core", frozen)]
pub struct Jarm;

#[pymethods]
impl Jarm {
    #[staticmethod]
    fn probes<'py>(py: Python<'py>, server_name: &str, random: &[u8]) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let probes = held(py, || jarm::probes(server_name, random))?;
        Ok(probes.iter().map(|probe| PyBytes::new(py, probe)).collect())
    }

    #[staticmethod]
    fn answer(py: Python<'_>, data: &[u8]) -> PyResult<String> {
        held(py, || Ok(jarm_answers::answer(data)))
    }

    #[staticmethod]
    fn fingerprint(py: Python<'_>, answers: Vec<String>) -> PyResult<String> {
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        held(py, || jarm_answers::fingerprint(&answers))
    }
}

pub fn named(py: Python<'_>, state: hello::State) -> &Bound<'_, PyString> {
    match state {
        hello::State::More => pyo3::intern!(py, "more"),
        hello::State::Done => pyo3::intern!(py, "done"),
        hello::State::Failed => pyo3::intern!(py, "failed"),
    }
}

#[pyfunction]
pub fn cipher_name(number: u16) -> String {
    names::cipher(number).into_owned()
}

#[pyfunction]
pub fn version_name(number: u16) -> String {
    names::version(number).into_owned()
}

#[pyfunction]
pub fn group_name(number: u16) -> String {
    names::group(number).into_owned()
}

#[pyfunction]
pub fn alert_name(code: u8) -> String {
    names::alert(code).into_owned()
}

#[pyfunction]
pub fn signature_scheme_name(number: u16) -> String {
    names::signature_scheme(number).into_owned()
}
