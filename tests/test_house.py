"""The house's rules that no linter knows: who imports whom, what is public, how long a file may get."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "certhia"

# Floors, lowest first. A room imports from lower floors and from itself; the ground floor's rooms know each other.
FLOORS = (
    {
        "errors",
        "model",
        "clock",
        "concerning",
        "render",
        "config",
        "quantity",
        "memory",
        "sought",
        "net",
        "bandwidth",
        "retry_after",
        "unpack",
        "data",
        "supervision",
        "_core",
    },
    {"store"},
    {"logs", "scanner", "decode", "dedupe", "rules"},
    {"alarms"},
    {"metrics"},
    {"events"},
    {"modules", "sinks", "stream", "archive", "telling", "freezing", "housekeeping", "reload"},
    {"handing"},
    {"awaiting", "parts"},
    {"backfilling", "certstream", "intake", "measuring", "refreshing"},
    {"insight", "api"},
    {"pipeline", "cluster"},
    {"library"},
    {"cli"},
)
LONGEST_FILE = 400
LONGEST_FUNCTION = 70

# Source files without a test file of their own, each with the reason.
UNMIRRORED = {
    "__init__.py": "checked here: test_public_names",
    "__main__.py": "one line; tests/cli runs it",
    "cli/__init__.py": "the program's entry point; tests/e2e runs it",
    "store/fresh.py": "tests/store/test_migrations.py compares what it makes with what the migrations make",
    "data/__init__.py": "tests/logs/test_loglist.py checks the shipped list's signature with the shipped key",
}


def sources() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def module_of(path: Path) -> str:
    parts = ("certhia", *path.relative_to(SOURCE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def floor_of(room: str) -> int:
    for number, rooms in enumerate(FLOORS):
        if room in rooms:
            return number
    raise AssertionError(f"certhia.{room} has no floor: give it one in FLOORS of {Path(__file__).name}")


def is_module(name: str) -> bool:
    path = SOURCE.parent.joinpath(*name.split("."))
    return path.is_dir() or any(path.with_suffix(suffix).exists() for suffix in (".py", ".pyi"))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, module) for all modules of ours that are imported anywhere in `tree`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield node.lineno, inner if node.module.startswith("certhia") and is_module(inner) else node.module


def ours(path: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return ((line, name) for line, name in imports(tree) if name.split(".")[0] == "certhia")


def why_not(importer: str, imported: str) -> str | None:
    """Why module `importer` may not import `imported`; None when it may."""
    own, other = room_of(importer), room_of(imported)
    if own in {"", "__main__", "testing"}:  # the public surface and the fakes look at everything
        return None
    if other == "testing":
        return None if importer == "certhia.cli.demo" else "only cli/demo.py imports certhia.testing"
    if not other:
        return "import the room, not the public surface"
    if own == other or floor_of(other) < floor_of(own) or floor_of(own) == 0 == floor_of(other):
        return None
    return f"{other} is not below {own}"


def test_imports_go_down() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {imported}: {reason}"
        for path in sources()
        for line, imported in ours(path)
        if (reason := why_not(module_of(path), imported))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "importer, imported, allowed",
    [
        ("certhia.model", "certhia.errors", True),
        ("certhia.model", "certhia._core", True),
        ("certhia.logs.follow", "certhia.logs.client", True),
        ("certhia.logs.follow", "certhia.store.state", True),
        ("certhia.logs.follow", "certhia.rules.language", False),
        ("certhia.store.state", "certhia.logs.client", False),
        ("certhia.net", "certhia.store.state", False),
        ("certhia.pipeline", "certhia.cli.watch", False),
        ("certhia.cli.demo", "certhia.testing.world", True),
        ("certhia.cli.watch", "certhia.testing.world", False),
        ("certhia.logs.follow", "certhia", False),
    ],
)
def test_the_rule_itself(importer: str, imported: str, allowed: bool) -> None:
    assert (why_not(importer, imported) is None) is allowed


def test_every_room_has_a_floor() -> None:
    rooms = {room_of(module_of(path)) for path in sources()} - {"", "testing", "__main__"}
    assert [room for room in rooms if floor_of(room) < 0] == []


def test_public_names() -> None:
    import certhia

    assert len(set(certhia.__all__)) == len(certhia.__all__)
    submodules = {module.name for module in pkgutil.iter_modules(certhia.__path__)}
    names = (
        {name for name in vars(certhia) if name.isidentifier() and not name.startswith("_")}
        - submodules
        - {"annotations", "TYPE_CHECKING"}
    )
    public = {name for name in certhia.__all__ if not name.startswith("_")}
    assert public >= names, f"not in __all__: {sorted(names - public)}"
    missing = [name for name in certhia.__all__ if not hasattr(certhia, name)]
    assert missing == []


def test_no_room_bears_a_public_functions_name() -> None:
    """`certhia.watch` must not turn from a function into a module once somebody imports certhia.watch."""
    import certhia

    submodules = {module.name for module in pkgutil.iter_modules(certhia.__path__)}
    assert submodules & set(certhia.__all__) == set()
    for info in pkgutil.walk_packages(certhia.__path__, "certhia."):
        if not info.ispkg:
            continue
        package = importlib.import_module(info.name)
        inner = {module.name for module in pkgutil.iter_modules(package.__path__)}
        functions = {name for name, value in vars(package).items() if inspect.isfunction(value)}
        assert inner & functions == set(), info.name


def test_every_module_imports_alone() -> None:
    for info in pkgutil.walk_packages([str(SOURCE)], "certhia."):
        if not info.name.endswith("__main__") and ".migrations." not in info.name:
            importlib.import_module(info.name)


def test_files_are_one_idea() -> None:
    folders = [SOURCE, ROOT / "crates", ROOT / "tests", ROOT / "benches", ROOT / "scripts"]
    files = [path for folder in folders for suffix in ("*.py", "*.rs") for path in folder.rglob(suffix)]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files if "target" not in path.parts}
    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > LONGEST_FILE} == {}


def test_functions_do_one_thing() -> None:
    """Bodies are measured: a command has one parameter for each of its options."""
    long = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.body[0].lineno + 1
                if length >= LONGEST_FUNCTION:
                    long[f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"] = length
    assert long == {}


def test_nothing_is_left_for_later() -> None:
    words = ("NotImplementedError", "unimplemented!", "todo!", "TODO", "FIXME")
    files = [*sources(), *(ROOT / "crates").rglob("src/**/*.rs")]
    found = [f"{path.relative_to(ROOT)}: {word}" for path in files for word in words if word in path.read_text("utf-8")]
    assert found == []


def test_files_are_mirrored_by_tests() -> None:
    missing = []
    for path in sources():
        relative = path.relative_to(SOURCE)
        if str(relative) in UNMIRRORED or (relative.name == "__init__.py" and is_surface(path)):
            continue
        if "migrations" in relative.parts:
            mirror = ROOT / "tests" / "store" / "test_migrations.py"
        elif relative.name == "__init__.py":
            mirror = ROOT / "tests" / relative.parent / f"test_{relative.parent.name}.py"
        else:
            mirror = ROOT / "tests" / relative.with_name(f"test_{relative.stem.strip('_')}.py")
        if not mirror.exists():
            missing.append(f"{relative}: {mirror.relative_to(ROOT)}")
    assert missing == []


def is_surface(path: Path) -> bool:
    """Whether an `__init__` only re-exports."""
    kinds = (ast.Import, ast.ImportFrom, ast.Expr, ast.Assign, ast.AnnAssign)
    return all(isinstance(node, kinds) for node in ast.parse(path.read_text(encoding="utf-8")).body)


def test_the_list_of_unmirrored_files_only_shrinks() -> None:
    gone = [name for name in UNMIRRORED if not (SOURCE / name).exists()]
    mirrored = [
        name
        for name in UNMIRRORED
        if (ROOT / "tests" / Path(name).with_name(f"test_{Path(name).stem.strip('_')}.py")).exists()
    ]
    assert (gone, mirrored) == ([], [])


def sleeps(function: ast.AST) -> Iterator[ast.Call]:
    """Calls that sleep, in a test or fixture itself: a server that stalls is a function inside, and may."""
    for node in ast.iter_child_nodes(function):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"time.sleep", "asyncio.sleep"}:
            zero = node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0
            if not zero:
                yield node
        yield from sleeps(node)


def test_tests_never_sleep_and_mock_nothing() -> None:
    """`asyncio.sleep(0)` lets others run and is no sleep; a clock's `sleep` is simulated."""
    wrong = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        wrong += [f"{path.relative_to(ROOT)}:{line} {name}" for line, name in imports(tree) if "mock" in name]
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        wrong += [
            f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
            for function in functions
            for node in sleeps(function)
        ]
    assert wrong == []
