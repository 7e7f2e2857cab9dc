"""Options that set settings: those that commands share, each once, and how a command takes them.

Their defaults live in `certhia.config`: an option not given sets nothing.
"""

from __future__ import annotations

import functools
import inspect
import keyword
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeAlias

import typer

Given: TypeAlias = Mapping[str, object]  # what was given on the command line, by key of the settings

LOGS_PANEL = "Which logs"
READING_PANEL = "Reading logs"
OUTPUT_PANEL = "Output"
STATE_PANEL = "State and settings"


class Option(NamedTuple):
    """An option of the command line, or an argument, and the keys of the settings that it sets."""

    names: str  # such as `--output -o`; an argument's has no dashes
    type: Any  # of its value; `bool` is a switch, a list is repeatable
    keys: str  # such as `output.files`; several with a space between; none for what is taken and sets nothing
    help: str
    panel: str | None = None
    metavar: str | None = None
    sets: object = True  # what a switch sets where it is given

    @property
    def name(self) -> str:
        """Of the parameter."""
        plain = self.names.split()[0].lstrip("-").replace("-", "_")
        return f"{plain}_" if keyword.iskeyword(plain) else plain

    def saying(self, help: str) -> Option:
        """The same with another help."""
        return self._replace(help=help)

    def parameter(self) -> inspect.Parameter:
        """As typer reads it in a signature."""
        switch, written = self.type is bool, self.names.split()
        about: dict[str, Any] = {"help": self.help, "rich_help_panel": self.panel, "metavar": self.metavar}
        if written[0].startswith("-"):
            declared = typer.Option(False if switch else None, *written, **about)
        else:
            declared = typer.Argument(None, **about)
        annotation = bool if switch else self.type | None
        return inspect.Parameter(self.name, inspect.Parameter.KEYWORD_ONLY, default=declared, annotation=annotation)

    def settings(self, value: object) -> dict[str, object]:
        """What a value that typer gives for it sets; nothing where it was not given."""
        if value is None or value == [] or (self.type is bool and not value):
            return {}
        if self.type is bool:
            value = self.sets
        return dict.fromkeys(self.keys.split(), str(value) if isinstance(value, Path) else value)


def sets(*options: Option) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command these options in the place of its parameter `given: Given`, which gets what they set."""

    def extend(command: Callable[..., None]) -> Callable[..., None]:
        parameters: list[inspect.Parameter] = []
        for own in inspect.signature(command, eval_str=True).parameters.values():
            if own.name == "given":
                parameters += (one.parameter() for one in options)
            else:
                parameters.append(own.replace(kind=inspect.Parameter.KEYWORD_ONLY))

        # Not its annotations: those of the signature are evaluated, once.
        @functools.wraps(command, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        def run(**values: object) -> None:
            given: dict[str, object] = {}
            for one in options:
                for key, value in one.settings(values.pop(one.name)).items():
                    before = given.get(key)
                    # Two options may add to one list.
                    given[key] = [*before, *value] if isinstance(before, list) and isinstance(value, list) else value
            command(**values, given=given)

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what `inspect` looks for
        return run

    return extend


def without(group: tuple[Option, ...], *left_out: Option) -> tuple[Option, ...]:
    """A group for a command that has not all of it."""
    return tuple(one for one in group if one not in left_out)


RULE_FILES = "File of rules; repeatable."

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="Settings file, TOML or YAML.", rich_help_panel=STATE_PANEL)
]
Watchlist = Annotated[  # for a command whose other options stand between it and the rest
    list[Path] | None, typer.Option("--watchlist", "-w", help=RULE_FILES, metavar="FILE")
]
STATE = Option("--state", str, "state.name", "Name, directory or database of the state.", STATE_PANEL, "NAME|DIR|URL")

RULES = Option("rules", list[str], "watch.rules", "Watch rules.", metavar="[RULE]...")
WATCHLIST = Option("--watchlist -w", list[Path], "watch.files", RULE_FILES, metavar="FILE")
EXPECTED = Option(
    "--expected",
    list[Path],
    "watch.expected",
    "Your own certificates: directory or file; repeatable.",
    metavar="PATH",
)

AMOUNTS = (
    Option("--memory", str, "read.memory", "For bodies in flight.", READING_PANEL),
    Option("--max-bandwidth", str, "read.max_bandwidth", "Of all logs, such as 2MB/s.", READING_PANEL),
    Option("--max-rate", str, "read.max_rate", "Requests a second, all logs.", READING_PANEL),
)
NETWORK = (
    Option(
        "--contact",
        str,
        "read.contact",
        "Mail address or URL that log operators can reach you at.",
        READING_PANEL,
    ),
    Option("--ca-file", Path, "read.ca_file", "Trusted roots for TLS, PEM, besides the system's.", READING_PANEL),
)
READING = (
    Option("--from", str, "read.from", "now, beginning, an index, -N or a date.", READING_PANEL),
    Option("--until", str, "read.until", "Likewise; then ends.", READING_PANEL),
    Option(
        "--max-backlog",
        str,
        "read.max_backlog",
        "Skip ahead of an older backlog: entries, or an age.",
        READING_PANEL,
        "N|AGE",
    ),
    Option("--patience", str, "read.patience", "How long a tile may stay partial.", READING_PANEL),
    Option("--poll", str, "read.poll_static read.poll_rfc6962", "Time between heads of a log.", READING_PANEL),
    *AMOUNTS,
    Option("--max-parallel", int, "read.max_parallel", "Requests at once, all logs.", READING_PANEL),
    Option(
        "--certstream",
        list[str],
        "read.certstream",
        "Read this certstream instead of logs, unverified; repeatable.",
        READING_PANEL,
        "URL",
    ),
    Option("--with-logs", bool, "read.with_logs", "Follow the logs beside it, too.", READING_PANEL),
    *NETWORK,
)

LISTS = (
    Option("--lists", str, "logs.lists", "Published log lists to use: google,apple.", LOGS_PANEL),
    Option(
        "--log-list",
        list[str],
        "logs.log_list",
        "A log list of one's own instead; may be unsigned.",
        LOGS_PANEL,
        "FILE|URL",
    ),
)
LOG = Option("--log", list[str], "logs.log", "Follow only this log; repeatable.", LOGS_PANEL, "URL")
LOG_KEY = Option(
    "--log-key", list[str], "logs.log_key", "Key of a log named by URL: base64 or a file.", LOGS_PANEL, "KEY"
)
ACCEPT_DROP = Option(
    "--accept-drop", bool, "logs.accept_drop", "Take a list that drops over 30 % of the logs.", LOGS_PANEL
)
LOGS = (
    *LISTS,
    LOG,
    LOG_KEY,
    Option(
        "--add-log", list[str], "logs.add_log", "Follow this log besides the lists'; repeatable.", LOGS_PANEL, "URL|ID"
    ),
    Option(
        "--allow", list[str], "logs.allow", "Only logs whose operator, description or URL matches.", LOGS_PANEL, "GLOB"
    ),
    Option("--deny", list[str], "logs.deny", "No logs whose operator, description or URL matches.", LOGS_PANEL, "GLOB"),
    Option("--include", str, "logs.include", "Further kinds: pending,retired,rejected,test,all.", LOGS_PANEL),
    Option("--expired", bool, "logs.expired", "Shards whose interval has ended, too.", LOGS_PANEL),
    ACCEPT_DROP,
)

MATCHES = (
    Option("--format -f", str, "output.format", "human, jsonl, json, csv or silent.", OUTPUT_PANEL),
    Option("--output -o", list[Path], "output.files", "File, format by extension; repeatable.", OUTPUT_PANEL, "FILE"),
)
REDIS = Option("--require-redis", bool, "output.require_redis", "Start only with a Redis that answers.", OUTPUT_PANEL)
STATS = Option("--stats", float, "output.stats", "Figures every so many seconds (60).", OUTPUT_PANEL, "[SECONDS]")
ALARMS = Option("--alarms", Path, "output.alarms", "File of alarms, one line of JSON each.", OUTPUT_PANEL, "FILE")
LOG_LEVEL = Option(
    "--log-level", list[str], "log.levels", "How much one part says; repeatable.", OUTPUT_PANEL, "ROOM=LEVEL"
)
METRICS = (
    Option(
        "--metrics-listen",
        list[str],
        "metrics.listen",
        "Answer /metrics, /health, /ready there.",
        OUTPUT_PANEL,
        "HOST:PORT",
    ),
    Option("--metrics-file", str, "metrics.file", "Write metrics there; - is stdout.", OUTPUT_PANEL, "FILE"),
    Option("--metrics-interval", str, "metrics.interval", "How often; 15s.", OUTPUT_PANEL),
)
LOUDNESS = (
    Option("--quiet -q", bool, "output.quiet", "Only matches and errors.", OUTPUT_PANEL),
    Option("--verbose -v", bool, "output.verbose", "More of what happens.", OUTPUT_PANEL),
)
LOG_FORMAT = Option("--log-format", str, "output.log_format", "text or json, of messages on stderr.", OUTPUT_PANEL)
