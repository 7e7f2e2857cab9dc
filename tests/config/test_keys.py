import pytest

from certhia.config.keys import default, fields, flag, is_list, takes_paths, variable, written


@pytest.mark.parametrize(
    "key, how, value",
    [
        ("read.from", "point", "now"),
        ("read.memory", "size", "64MB"),
        ("read.patience", "duration", "1m"),
        ("read.max_bandwidth", "bandwidth", ""),
        ("read.max_rate", "number", ""),
        ("logs.lists", "list of `google`, `apple`", "[google]"),
        ("logs.log_list", "list of file or URL", "[]"),
        ("watch.files", "list of path", "[]"),
        ("watch.precerts", "true or false", "true"),
        ("watch.dedupe_ttl", "duration", "7d"),
        ("state.name", "name or path", ""),
    ],
)
def test_types_and_defaults_as_one_writes_them(key: str, how: str, value: str) -> None:
    field = fields()[key]
    assert (written(field), default(field)) == (how, value)


def test_names() -> None:
    assert variable("read.max_rate") == "CERTHIA_READ__MAX_RATE"
    assert flag("read.max_rate") == "--max-rate"
    assert flag("watch.files") == "--watchlist"
    assert flag("read.poll_static") == flag("read.poll_rfc6962") == "--poll"


def test_kinds() -> None:
    known = fields()
    assert [key for key, field in known.items() if takes_paths(field)] == [
        "logs.log_list",
        "read.ca_file",
        "watch.files",
        "watch.expected",
        "watch.roots",
        "output.files",
        "output.alarms",
        "serve.token_file",
        "serve.tls_cert",
        "serve.tls_key",
        "scan.roots",
        "scan.log_file",
        "scan.files",
        "state.name",
        "modules.autoload",
    ]
    assert is_list(known["watch.rules"])
    assert not is_list(known["watch.roots"])
