"""Options that set settings: those that commands share, and how a command takes them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from certhia.cli import backfill, options, quarantine, serve, watch
from certhia.cli import options as opt
from certhia.cli.options import Option
from certhia.config import load
from certhia.config.keys import fields
from certhia.config.named import fields_of
from certhia.config.sinks import WebhookSink

DENY = Option("--deny -d", list[str], "logs.deny", "None of these.", metavar="GLOB")
FROM = Option("--from", str, "read.from", "Where to begin.")
QUIET = Option("--quiet", bool, "output.quiet", "Say less.")
NO_PRECERTS = Option("--no-precerts", bool, "watch.precerts", "Leave them out.", sets=False)
CA_FILE = Option("--ca-file", Path, "read.ca_file", "Roots.")
MAX_RATE = Option("--max-rate", float, "read.max_rate", "Requests.")
POLL = Option("--poll", str, "read.poll_static read.poll_rfc6962", "Time between.")
RULES = Option("rules", list[str], "watch.rules", "Rules.", metavar="[RULE]...")


def declared(module: ModuleType) -> Iterator[Option]:
    """The options that a module declares, alone and in groups."""
    for value in vars(module).values():
        if isinstance(value, Option):
            yield value
        elif isinstance(value, tuple):
            yield from (one for one in value if isinstance(one, Option))


def command(seen: list[object]) -> typer.Typer:
    """Keeps what it is called with."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    @app.command()
    @opt.sets(RULES, FROM, DENY, QUIET, NO_PRECERTS, CA_FILE, MAX_RATE, POLL)
    def show(
        log: Annotated[str, typer.Argument(help="The log.")],
        json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
        *,
        given: opt.Given,
        config: opt.Config = None,
    ) -> None:
        """Show it."""
        seen.append((log, json, given, config))

    return app


def run(*arguments: str) -> object:
    """What the command is called with."""
    seen: list[object] = []
    done = CliRunner().invoke(command(seen), ["a", *arguments])
    assert done.exit_code == 0, done.output
    return seen[0]


def test_what_is_not_given_sets_nothing() -> None:
    assert run() == ("a", False, {}, None)


def test_what_is_given_is_there_by_its_key() -> None:
    assert run("x", "y", "--from", "now", "-d", "a", "--deny", "b", "--quiet", "--no-precerts", "--json") == (
        "a",
        True,
        {
            "watch.rules": ["x", "y"],
            "read.from": "now",
            "logs.deny": ["a", "b"],
            "output.quiet": True,
            "watch.precerts": False,
        },
        None,
    )


def test_one_option_may_set_two_keys() -> None:
    assert run("--poll", "9s") == ("a", False, {"read.poll_static": "9s", "read.poll_rfc6962": "9s"}, None)


def test_own_options_stay_the_commands_own() -> None:
    assert run("--config", "c.toml", "--json") == ("a", True, {}, Path("c.toml"))


def test_a_path_becomes_text() -> None:
    assert run("--ca-file", "a/b.pem") == ("a", False, {"read.ca_file": "a/b.pem"}, None)


def test_falsy_values_count_as_given() -> None:
    assert run("--max-rate", "0") == ("a", False, {"read.max_rate": 0.0}, None)


def test_the_options_stand_where_given_stood() -> None:
    """Between the command's own, each once, in their order."""
    found = typer.main.get_command(command([])).params
    names = [one.name for one in found if one.name != "help"]
    wanted = ["rules", "from_", "deny", "quiet", "no_precerts", "ca_file", "max_rate", "poll"]
    assert names == ["log", "json", *wanted, "config"]


def test_a_command_keeps_its_name_and_its_words() -> None:
    assert watch.watch.__name__ == "watch"
    assert watch.watch.__doc__ == "Follow the logs and print certificates that concern you."
    assert "given" not in inspect.signature(watch.watch).parameters


def test_the_same_with_other_words() -> None:
    other = DENY.saying("Not these.")
    assert (other.help, other.names, other.keys) == ("Not these.", DENY.names, DENY.keys)
    assert DENY.help == "None of these."


def test_a_group_without_some_of_it() -> None:
    left = opt.without(opt.LOGS, opt.LOG, opt.ACCEPT_DROP)
    assert set(opt.LOGS) - set(left) == {opt.LOG, opt.ACCEPT_DROP}
    assert [one for one in opt.LOGS if one in left] == list(left)


@pytest.mark.parametrize("module", [options, watch, serve, backfill, quarantine])
def test_every_option_is_a_setting(module: ModuleType) -> None:
    named = {key for one in declared(module) for key in one.keys.split()}
    assert named
    known = {*fields(), *(f"sinks.webhook.{name}" for name in fields_of(WebhookSink))}
    assert named <= known, named - known


def test_the_settings_take_what_is_given() -> None:
    given = {"logs.include": "pending", "read.contact": "a@b.test", "state.name": "x"}
    assert load(given, None, {"HOME": "/nonexistent"}).logs.include == ("pending",)
