from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certhia.config import default_file, load, origins
from certhia.config.document import MAX_FILE
from certhia.config.keys import fields
from certhia.config.showing import show
from certhia.config.sources import examine, from_values
from certhia.errors import ConfigError
from certhia.quantity import Backlog, Point

HOME = {"HOME": "/nowhere"}


def problems(flags: dict[str, object] | None = None, file: Path | None = None, **environment: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(flags or {}, file, {**HOME, **environment})
    first, *rest = str(caught.value).splitlines()
    assert first == f"the configuration has {'a problem' if len(rest) == 1 else f'{len(rest)} problems'}:"
    return [line.strip() for line in rest]


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    path = tmp_path / "certhia.toml"
    path.write_text('[read]\nmemory = "1MB"\npatience = "5s"\nmax_rate = 3\n[watch]\nrules = ["file.example"]\n')
    return path


def test_without_anything_there_are_defaults() -> None:
    loaded = load({}, None, HOME)
    assert loaded.logs.lists == ("google",)
    assert loaded.read.from_ == Point("now")
    assert loaded.read.memory == 64_000_000
    assert (loaded.read.poll_static, loaded.read.poll_rfc6962, loaded.read.patience) == (10, 30, 60)
    assert loaded.output.format == "human"


def test_flags_before_environment_before_file_before_defaults(toml: Path) -> None:
    loaded = load(
        {"read.memory": "3MB", "read.contact": None, "watch.rules": []},
        toml,
        {**HOME, "CERTHIA_READ__MEMORY": "2MB", "CERTHIA_READ__PATIENCE": "7s"},
    )
    assert loaded.read.memory == 3_000_000
    assert loaded.read.patience == 7
    assert loaded.read.max_rate == 3
    assert loaded.read.poll_static == 10
    assert loaded.watch.rules == ("file.example",)


def test_where_each_key_comes_from(toml: Path) -> None:
    environment = {**HOME, "CERTHIA_READ__PATIENCE": "7s"}
    assert origins({"read.memory": "3MB", "watch.files": ["x"]}, toml, environment) == {
        "read.memory": "--memory",
        "watch.files": "--watchlist",
        "read.patience": "CERTHIA_READ__PATIENCE",
        "read.max_rate": f"{toml}:4",
        "watch.rules": f"{toml}:6",
    }


def test_lists_in_the_environment() -> None:
    environment = {
        "CERTHIA_WATCH__RULES": "a.example, b.example,",
        "CERTHIA_LOGS__DENY": '["Example, Inc."]',
        "CERTHIA_LOGS__LISTS": "google,apple",
        "CERTHIA_READ__FROM": "-500",
        "CERTHIA_READ__MAX_BACKLOG": "2d",
        "CERTHIA_WATCH__PRECERTS": "no",
        "CERTHIA_READ__CONTACT": "",
    }
    loaded = load({}, None, {**HOME, **environment})
    assert loaded.watch.rules == ("a.example", "b.example")
    assert loaded.logs.deny == ("Example, Inc.",)
    assert loaded.logs.lists == ("google", "apple")
    assert loaded.read.from_ == Point("back", 500, "-500")
    assert loaded.read.max_backlog == Backlog(seconds=172_800)
    assert loaded.watch.precerts is False
    assert loaded.read.contact is None


def test_a_comma_parts_a_flag_for_a_list() -> None:
    assert load({"logs.lists": "google,apple"}, None, HOME).logs.lists == ("google", "apple")


def test_yaml(tmp_path: Path) -> None:
    path = tmp_path / "certhia.yaml"
    path.write_text("read: {from: 2026-03-01, contact: }\nwatch:\n  rules: example.com\n")
    loaded = load({}, path, HOME)
    assert loaded.read.from_.kind == "date"
    assert loaded.read.contact is None
    assert loaded.watch.rules == ("example.com",)


def test_paths_in_a_file_start_from_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "certhia.toml"
    path.write_text(
        '[watch]\nfiles = ["rules.txt", "/etc/rules"]\nroots = "~/roots"\n'
        '[logs]\nlog_list = ["own.json", "https://a.example/x"]\n'
        '[state]\nname = "second"\n[output]\nfiles = "out.csv"\n'
    )
    loaded = load({}, path, HOME)
    assert loaded.watch.files == (tmp_path / "rules.txt", Path("/etc/rules"))
    assert loaded.watch.roots == Path("~/roots").expanduser()
    assert loaded.logs.log_list == (str(tmp_path / "own.json"), "https://a.example/x")
    assert loaded.state.name == "second"
    assert loaded.output.files == (tmp_path / "out.csv",)


def test_a_states_directory_in_a_file_starts_there_too(tmp_path: Path) -> None:
    path = tmp_path / "certhia.toml"
    path.write_text('[state]\nname = "./second"\n')
    assert load({}, path, HOME).state.name == str(tmp_path / "second")
    third = load({"state.name": "./third"}, path, HOME).state.name
    assert third == str(Path("third").absolute())  # still a directory, not the name "third"


def test_paths_of_flags_stay_as_they_are() -> None:
    assert load({"watch.files": [Path("rules.txt")]}, None, HOME).watch.files == (Path("rules.txt"),)


def test_the_default_file_is_read_when_it_is_there(tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert load({}, None, environment).read.memory == 64_000_000
    path = default_file(environment)
    assert path == tmp_path / "certhia" / "certhia.toml"
    path.parent.mkdir()
    path.write_text('[read]\nmemory = "1MB"\n')
    assert load({}, None, environment).read.memory == 1_000_000


def test_a_relative_xdg_directory_is_ignored() -> None:
    assert default_file({"XDG_CONFIG_HOME": "x", "HOME": "/h"}) == Path("/h/.config/certhia/certhia.toml")


def test_every_problem_at_once_and_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "certhia.toml"
    path.write_text(
        '[read]\nmemroy = "1MB"\nmemory = "12XB"\n[wach]\n[output]\nformat = "xml"\nfiles = ["a.csv", "a.csv"]\n'
        '[logs]\nlists = ["goggle"]\n'
    )
    found = problems(
        {"read.patience": "soon", "state.nonsense": 1},
        path,
        CERTHIA_READ__MAX_RATE="-1",
        CERTHIA_READ__CONTCT="x",
        CERTHIA_READ_CONTACT="x",
        CERTHIA_CORPUS="somebody else's",
    )
    states = ", ".join(key for key in fields() if key.startswith("state."))
    assert sorted(found) == sorted(
        [
            f"{path}:2: read.memroy is an unknown key; did you mean read.memory?",
            f"{path}:4: [wach] is an unknown section; did you mean watch?",
            "CERTHIA_READ_CONTACT: is an unknown variable; did you mean CERTHIA_READ__CONTACT?",
            "CERTHIA_READ__CONTCT: is an unknown variable; did you mean CERTHIA_READ__CONTACT?",
            f"state.nonsense: is an unknown key; known are {states}",
            f"{path}:9: logs.lists: \"goggle\" must be 'google' or 'apple'",
            '--patience: "soon" is no duration; write a number with s, m, h or d: 30s, 1h30m',
            f'{path}:3: read.memory: "12XB" is no size; write a number with kB, MB, GB, KiB, MiB or GiB: 64MB',
            'CERTHIA_READ__MAX_RATE: read.max_rate: "-1" must be greater than 0',
            f"{path}:6: output.format: \"xml\" must be 'human', 'jsonl', 'json', 'csv' or 'silent'",
            f'{path}:7: output.files: "{tmp_path}/a.csv" is named twice; name each file once',
        ]
    )


def test_one_flag_for_two_keys_is_told_once() -> None:
    found = problems({"read.poll_static": "soon", "read.poll_rfc6962": "soon"})
    assert found == ['--poll: "soon" is no duration; write a number with s, m, h or d: 30s, 1h30m']


def test_a_section_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "certhia.toml"
    path.write_text("read = 1\n")
    assert problems({}, path) == [f"{path}:1: read must be a section: [read] with keys below it"]


@pytest.mark.parametrize(
    "name, raw, problem",
    [
        ("a.toml", b"x = [", "is not TOML"),
        ("a.yaml", b"x: [", "a.yaml:2:1: is not YAML"),
        ("a.yaml", b"- 1", "must hold sections such as [watch]"),
        ("a.toml", b"\xff", "is not UTF-8"),
        ("a.toml", b"#" * (MAX_FILE + 1), "is larger than 1 MiB"),
        ("a.toml", None, "cannot be read: No such file or directory; name a file with --config"),
    ],
)
def test_files_that_are_none(tmp_path: Path, name: str, raw: bytes | None, problem: str) -> None:
    path = tmp_path / name
    if raw is not None:
        path.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        load({}, path, HOME)
    assert problem in str(caught.value)
    assert str(caught.value).isprintable()


def test_bad_json_in_the_environment() -> None:
    assert problems(CERTHIA_WATCH__RULES="[x") == [
        'CERTHIA_WATCH__RULES: watch.rules: "[x" is no list; write a,b or ["a", "b"]'
    ]


def test_values_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the default file nor the environment is looked at."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("CERTHIA_READ__MEMORY", "1MB")
    (tmp_path / "certhia").mkdir()
    (tmp_path / "certhia" / "certhia.toml").write_text("[read]\nmemory = '2MB'\n")
    loaded = from_values({"read.from": -5, "read.until": None, "logs.log_list": (), "logs.deny": ["a*"]})
    assert loaded.read.memory == 64_000_000
    assert str(loaded.read.from_) == "-5"
    assert loaded.logs.deny == ("a*",)
    with pytest.raises(ConfigError, match=r"(?s)read\.memroy: is an unknown key; did you mean.*read\.until: "):
        from_values({"read.memroy": 1, "read.until": "yesterday"})


names = st.one_of(
    st.sampled_from(["logs", "read", "watch", "sinks", "serve", "state", "each", "type", "url", "https://ct.example/"]),
    st.sampled_from([*(key.partition(".")[2] for key in fields()), "webhook", "secret", "secret_file"]),
    st.text(max_size=6),
)
values = st.recursive(
    st.one_of(
        st.integers(),
        st.floats(),
        st.booleans(),
        st.none(),
        st.dates(),
        st.sampled_from(["${X}", "webhook", "1s", "~nobody-here/x", "\0", "${"]),
        names,
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(names, values, max_size=3))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_says_it_is_told_and_breaks_nothing(tmp_path: Path, content: dict[str, object]) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True))
    try:
        examined = examine({}, path, {**HOME, "X": "x"})
    except ConfigError:  # it can't be read at all
        return
    assert all(one.startswith(str(path)) for one in examined.problems)
    assert all("\n" not in one for one in examined.problems)
    list(show(examined))


def test_the_usual_file_may_be_yaml(tmp_path: Path) -> None:
    environment, folder = {"XDG_CONFIG_HOME": str(tmp_path)}, tmp_path / "certhia"
    folder.mkdir()
    assert default_file(environment) == folder / "certhia.toml"
    for name, rate in (("certhia.yml", 1), ("certhia.yaml", 2)):
        (folder / name).write_text(f"read: {{max_rate: {rate}}}\n")
        assert load({}, None, environment).read.max_rate == rate
    (folder / "certhia.toml").write_text("[read]\nmax_rate = 3\n")
    assert load({}, None, environment).read.max_rate == 3
