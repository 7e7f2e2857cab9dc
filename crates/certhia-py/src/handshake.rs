use certhia_core::handshake::{self, Configs, Options, Versions};
use certhia_core::hello::ServerHello;
use certhia_core::text;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyString};

use crate::fault::{held, released};
use crate::hello::named;

#[pyclass(module = "certhia._core")]
pub struct Handshake(handshake::Handshake);

#[pymethods]
impl Handshake {
    #[new]
    #[pyo3(signature = (server_name, *, alpn = Vec::new(), versions = "1.2+1.3", whole = true))]
    fn new(
        py: Python<'_>,
        server_name: Option<&str>,
        alpn: Vec<String>,
        versions: &str,
        whole: bool,
    ) -> PyResult<Self> {
        static CONFIGS: PyOnceLock<Configs> = PyOnceLock::new();
        let versions = match versions {
            "1.2" => Versions::Tls12,
            "1.3" => Versions::Tls13,
            "1.2+1.3" => Versions::Both,
            other => return Err(PyValueError::new_err(format!("1.2, 1.3 or 1.2+1.3, not {other:?}"))),
        };
        let alpn: Vec<&[u8]> = alpn.iter().map(String::as_bytes).collect();
        let configs = CONFIGS.get_or_try_init(py, || held(py, Configs::new))?;
        let options = Options { server_name, alpn: &alpn, versions, whole };
        released(py, || handshake::Handshake::new(configs, &options)).map(Self)
    }

    fn outgoing<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let handshake = &mut self.0;
        Ok(PyBytes::new(py, &held(py, || Ok(handshake.outgoing()))?))
    }

    fn feed<'py>(&mut self, py: Python<'py>, data: &[u8]) -> PyResult<&Bound<'py, PyString>> {
        let handshake = &mut self.0;
        released(py, || Ok(handshake.feed(data))).map(|state| named(py, state))
    }

    fn send(&mut self, py: Python<'_>, data: &[u8]) -> PyResult<()> {
        let handshake = &mut self.0;
        released(py, || {
            handshake.send(data);
            Ok(())
        })
    }

    fn received<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.received())
    }

    fn close(&mut self, py: Python<'_>) -> PyResult<()> {
        let handshake = &mut self.0;
        held(py, || {
            handshake.close();
            Ok(())
        })
    }

    #[getter]
    fn state<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        named(py, self.0.state())
    }

    #[getter]
    fn fault(&self) -> Option<(&'static str, &str)> {
        self.0.fault().map(|fault| (fault.kind.name(), fault.detail.as_str()))
    }

    #[getter]
    fn alert(&self) -> Option<(u8, u8)> {
        self.0.alert()
    }

    #[getter]
    fn closed(&self) -> bool {
        self.0.closed()
    }

    #[getter]
    fn version(&self) -> Option<u16> {
        self.0.version()
    }

    #[getter]
    fn cipher(&self) -> Option<u16> {
        self.0.cipher()
    }

    #[getter]
    fn group(&self) -> Option<u16> {
        self.0.group()
    }

    #[getter]
    fn alpn(&self) -> Option<String> {
        self.0.alpn().map(|name| text::render(name).into_owned())
    }

    #[getter]
    fn certificates<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        self.0.certificates().iter().map(|der| PyBytes::new(py, der)).collect()
    }

    #[getter]
    fn staple<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.0.staple().map(|response| PyBytes::new(py, &response))
    }

    #[getter]
    #[expect(clippy::unused_self, reason = "rustls asks for none; flights have some")]
    fn scts<'py>(&self) -> Vec<Bound<'py, PyBytes>> {
        Vec::new()
    }

    #[getter]
    fn client_certificate(&self) -> bool {
        self.0.client_certificate()
    }

    #[getter]
    fn signature(&self) -> &'static str {
        self.0.signature().as_str()
    }

    #[getter]
    fn ja3s(&self) -> Option<String> {
        self.0.hello().map(ServerHello::ja3s)
    }

    #[getter]
    fn ja3s_hash(&self) -> Option<String> {
        self.0.hello().map(ServerHello::ja3s_hash)
    }
}
