"""Where a database is: what is taken, what is shown, and what never is."""

from __future__ import annotations

import pytest

from certhia.errors import ConfigError
from certhia.store.address import POOL, Address, address, is_address

WHOLE = "postgresql://ann:s3cr%40t@[2001:db8::1]:6432/certhia?sslmode=verify-full&sslrootcert=/a/b.crt&pool=8"


def test_what_is_meant_to_be_one() -> None:
    assert is_address("postgresql://h/n")
    assert is_address("POSTGRES://h/n")
    assert is_address("postgresql+asyncpg://h/n")
    assert not is_address("postgresql")
    assert not is_address("./postgresql:x")


def test_it_is_shown_without_secrets() -> None:
    one = address(WHOLE)
    assert one.pool == 8
    assert one.dsn == WHOLE.replace("/a/b.crt", "%2Fa%2Fb.crt").removesuffix("&pool=8")
    shown = "postgresql://ann@[2001:db8::1]:6432/certhia?sslmode=verify-full&sslrootcert=%2Fa%2Fb.crt"
    assert (str(one), repr(one)) == (shown, f"Address({shown!r})")
    assert address("postgres:///certhia") == Address("postgresql:///certhia", "postgres:///certhia", POOL)


def test_several_hosts_and_sockets() -> None:
    several = "postgresql://ann@one:5432,two,[::1]:6432/n?target_session_attrs=read-write"
    assert (address(several).dsn, str(address(several))) == (several, several)
    assert str(address("postgresql:///n?host=/run/postgresql")) == "postgresql:///n?host=%2Frun%2Fpostgresql"


def test_the_same_database_has_the_same_directory() -> None:
    assert address(WHOLE).digest == address(WHOLE.replace("s3cr%40t", "changed")).digest
    assert address(WHOLE).digest != address(WHOLE.replace("/certhia", "/other")).digest


@pytest.mark.parametrize(
    "written, message",
    [
        ("postgresql://h", "write postgresql://USER@HOST:5432/NAME"),
        ("postgresql+asyncpg://u:s3cret@h/n", r"postgresql\+asyncpg://u@h/n.*; write postgresql://"),
        ("postgresql://u:s3cret@h:port/n", "postgresql://u@h:port/n. is no URL of PostgreSQL; write postgresql://USER"),
        ("postgresql://u:s3cret@[::1/n", "--state: no URL of PostgreSQL"),
        ("postgresql://", "is no URL of PostgreSQL"),
        (
            "postgresql://u:s3cret@h/n?ssl=1",
            "u@h/n.*: .ssl. is an unknown parameter; known are host, krbsrvname",
        ),
        ("postgresql://u@h/n?password=s3cret", "postgresql://u@h/n: .password. is an unknown parameter"),
        ("postgresql://u:s3cret@h/n?pool=0", "pool=.0. must be 1 to 50 connections"),
    ],
)
def test_what_is_none(written: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        address(written)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("sign", ["/", "?", "#"])
def test_a_password_that_is_not_escaped_is_not_shown(sign: str) -> None:
    with pytest.raises(ConfigError, match="%2F") as told:
        address(f"postgresql://me:hid{sign}den@db.example/name")
    assert "hid" not in str(told.value)
    assert address("postgresql://db.example/name?user=me@server").shown.endswith("user=me%40server")
