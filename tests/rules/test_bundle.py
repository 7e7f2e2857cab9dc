import base64
from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.rules import bundle
from certhia.rules.bundle import certificates, read_certificates
from certhia.testing.ca import CA, pem

ONE, TWO = (CA().issue([name]).der for name in ("one.example", "two.example"))
KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "raw, names",
    [
        (ONE, ["one.example"]),
        (pem(ONE).encode(), ["one.example"]),
        (f"text before\n{KEY}{pem(ONE)}\n{pem(TWO)}".replace("\n", "\r\n").encode(), ["one.example", "two.example"]),
        (pem(ONE).replace("CERTIFICATE", "TRUSTED CERTIFICATE").encode(), ["one.example"]),
        (base64.b64encode(ONE), ["one.example"]),
        (base64.encodebytes(ONE), ["one.example"]),
    ],
)
def test_every_form_is_told_by_its_content(tmp_path: Path, raw: bytes, names: list[str]) -> None:
    path = tmp_path / "anything"
    path.write_bytes(raw)
    assert [one.names[0] for one in read_certificates(path)] == names


@pytest.mark.parametrize(
    "raw, problem",
    [
        (b"", "holds no certificate: neither DER nor PEM nor base64"),
        (b"www.example.com\n", "holds no certificate"),
        (b"0\x03abc", "its first certificate cannot be read"),
        (KEY.encode(), "holds PRIVATE KEY, but no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA", "holds no whole PEM block"),
        (pem(ONE).replace("MI", "!!", 1).encode(), "certificate 1 is no base64"),
        ((pem(ONE) + pem(b"0\x00")).encode(), "certificate 2 cannot be read"),
    ],
)
def test_what_is_none_is_told(raw: bytes, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        certificates(raw, "some place")
    assert str(caught.value).startswith("some place: ")
    assert problem in str(caught.value)


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MAX_CERTIFICATES", 2)
    with pytest.raises(ConfigError, match="holds more than 2 certificates"):
        certificates(pem(ONE).encode() * 3, "x")
    with pytest.raises(ConfigError, match="is larger than 16 MiB"):
        read_certificates(Path("/dev/zero"))
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_certificates(tmp_path / "none.pem")
