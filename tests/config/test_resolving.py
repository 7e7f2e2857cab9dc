from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from certhia.config.document import Document
from certhia.config.gathering import ENVIRONMENT, FILE, Given
from certhia.config.resolving import SECRET_FILE, resolved, secret_in

TEXT = FieldInfo(annotation=str)
TEXTS = FieldInfo(annotation=tuple[str, ...])
NUMBER = FieldInfo(annotation=int)
TABLE = FieldInfo(annotation=dict[str, str])
PATH = FieldInfo(annotation=Path)
HIDDEN = FieldInfo(annotation=SecretStr)
MANY_HIDDEN = FieldInfo(annotation=tuple[SecretStr, ...])


def in_file(value: object, path: Path = Path("/etc/certhia.toml")) -> Given:
    return Given(value, f"{path}:1", FILE, Document(path, {}, {}))


@pytest.mark.parametrize(
    "written, meant",
    [
        ("${A}", "one"),
        ("x${A}y${B}", "xoney two, three"),
        ("${NONE:-else}", "else"),
        ("${EMPTY:-else}", "else"),
        ("${EMPTY}", ""),
        ("${NONE:-}", ""),
        ("$${A} $5 $", "${A} $5 $"),
        ("$$${A}", "$${A}"),
    ],
)
def test_variables_in_a_file(written: str, meant: str) -> None:
    environment = {"A": "one", "B": " two, three", "EMPTY": ""}
    assert resolved(in_file(written), TEXT, environment).value == meant
    assert resolved(in_file([written]), TEXTS, environment).value == [meant]
    assert resolved(in_file({"k": written}), TABLE, environment).value == {"k": meant}


def test_a_variable_alone_may_be_a_list() -> None:
    assert resolved(in_file("${A}"), TEXTS, {"A": "a, b"}) == (["a", "b"], True)
    assert resolved(in_file("a, b"), TEXTS, {}) == (["a, b"], False)


def test_variables_are_of_files_alone() -> None:
    assert resolved(Given("${A}", "CERTHIA_X", ENVIRONMENT), TEXT, {"A": "x"}) == ("${A}", False)


@pytest.mark.parametrize(
    "written, problem",
    [
        ("${NONE}", "the variable NONE is not set; set it, or write ${NONE:-default}"),
        ("${1x}", "${ begins a variable: write ${NAME}, ${NAME:-default}, or $${"),
        ("a ${", "${ begins a variable"),
    ],
)
def test_what_is_no_variable(written: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        resolved(in_file(written), TEXT, {})


def test_texts_of_the_environment() -> None:
    def read(text: str, field: FieldInfo) -> object:
        return resolved(Given(text, "X", ENVIRONMENT), field, {}).value

    assert read("5", NUMBER) == "5"
    assert read("a, b,", TEXTS) == ["a", "b"]
    assert read('["a, b"]', TEXTS) == ["a, b"]
    assert read('{"a": "b"}', TABLE) == {"a": "b"}
    with pytest.raises(ValueError, match=r"is no table; write"):
        read("a=b", TABLE)
    with pytest.raises(ValueError, match=r"is no list; write"):
        read("[a", TEXTS)


def test_paths_start_from_the_file() -> None:
    assert resolved(in_file("x"), PATH, {}).value == "/etc/x"
    assert resolved(in_file("${D}/x"), PATH, {"D": "/run"}).value == "/run/x"
    assert resolved(Given("x", "--x"), PATH, {}).value == "x"


def test_homes_of_nobody() -> None:
    with pytest.raises(ValueError, match="begins with the home of a user who is not here"):
        resolved(Given("~nobody-is-called-so/x", "--x"), PATH, {})


def test_secrets_in_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n  whsec_one \n")
    (tmp_path / "keys").write_text("whsec_one\nwhsec_two\n")
    here = tmp_path / "certhia.toml"
    assert secret_in(in_file("key", here), HIDDEN, {}) == ("whsec_one", True)
    assert secret_in(in_file("${D}/key", here), HIDDEN, {"D": str(tmp_path)}).value == "whsec_one"
    assert secret_in(in_file("keys", here), MANY_HIDDEN, {}).value == ["whsec_one", "whsec_two"]


@pytest.mark.parametrize(
    "raw, problem",
    [(None, "cannot be read: No such file"), (b"\xff", "not UTF-8"), (b" ", "empty"), (b"x" * 70000, "larger than")],
)
def test_files_that_hold_no_secret(tmp_path: Path, raw: bytes | None, problem: str) -> None:
    assert SECRET_FILE < 70000
    if raw is not None:
        (tmp_path / "key").write_bytes(raw)
    with pytest.raises(ValueError, match=problem):
        secret_in(in_file("key", tmp_path / "certhia.toml"), HIDDEN, {})
    with pytest.raises(ValueError, match="names a file that holds the secret"):
        secret_in(in_file(5), HIDDEN, {})
