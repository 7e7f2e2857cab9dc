"""Scopes of platforms as people see them: what comes and goes, what a platform shows, files of programmes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from certhia import render
from certhia.clock import iso
from certhia.config.toml import text
from certhia.library.fetching import Report
from certhia.rules.platforms.records import Scope
from certhia.rules.platforms.scoped import Scoped
from certhia.rules.platforms.scopes import called
from certhia.rules.platforms.syncing import Change

SHOWN = 10  # rules of one programme that the table shows
UNOFFICIAL = "unofficial: no API of the platform's is made for this, and it may change without a word"


def table(reports: Sequence[Report], *, dry: bool = False) -> Iterator[str]:
    """A line for each platform, with the programmes that change below it, and their rules."""
    for report in reports:
        if report.synced is None:
            yield render.terminal(f"{report.name}: not fetched: {report.error}")
            continue
        nothing = ": nothing changes" if dry else ": nothing changed"
        yield _counted(report) + ("" if report.synced.changes else nothing)
        for change in report.synced.changes:
            yield from _changed(change)
        yield from _notes(report)
    if dry:
        yield "nothing was kept: certhia platforms sync does, and so does certhia watch"


def _changed(change: Change) -> Iterator[str]:
    what = "new" if change.new else "gone" if change.ends else "changed"
    yield f"  {what:<8} {render.terminal(change.name)}"
    rules = [*(f"+ {one}" for one in change.added), *(f"- {one}" for one in change.gone)]
    for one in rules[:SHOWN]:
        yield f"           {render.terminal(one)}"
    if len(rules) > SHOWN:
        yield f"           and {len(rules) - SHOWN:,} more"


def _counted(report: Report) -> str:
    assert report.synced is not None
    scopes = report.synced.kept.scopes.values()
    rules, out = sum(len(one.rules) for one in scopes), sum(len(one.out) for one in scopes)
    mark = "" if report.official else " (unofficial)"
    return f"{report.name}{mark}: {_some(len(scopes), 'programme')}, {_some(rules, 'rule')}, {_some(out, 'exclusion')}"


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _notes(report: Report) -> Iterator[str]:
    assert report.synced is not None
    if report.synced.left_out:
        yield f"  {report.synced.left_out:,} more programmes are left out: raise max_programs"
    for note in (*report.synced.failed, *report.synced.notes):
        yield f"  {render.terminal(note)}"


def shown(report: Report) -> Iterator[str]:
    """What a platform shows of itself."""
    if report.synced is None:
        yield render.terminal(f"{report.name}: {report.error}")
        return
    count = len(report.synced.kept.scopes) + report.synced.left_out + len(report.synced.failed)
    yield f"{report.name}: answers, and shows {_some(count, 'programme')}"
    if not report.official:
        yield f"  {UNOFFICIAL}"
    for scope in report.synced.kept.scopes.values():
        about = f"{_some(len(scope.rules), 'rule')}, {_some(len(scope.out), 'exclusion')}"
        yield f"  {render.terminal(scope.name)}: {about}"
        for one in scope.rules[:SHOWN]:
            yield f"    {one.text}"
        if len(scope.rules) > SHOWN:
            yield f"    and {len(scope.rules) - SHOWN:,} more"
    for note in (*report.synced.failed, *report.synced.notes):
        yield f"  {render.terminal(note)}"


def json_line(report: Report) -> str:
    """One JSON object."""
    found: dict[str, object] = {"platform": report.name, "type": report.kind, "official": report.official}
    if report.synced is None:
        return render.json_text({**found, "error": report.error})
    synced = report.synced
    return render.json_text(
        {
            **found,
            "at": iso(synced.kept.at) if synced.kept.at else None,
            "programmes": len(synced.kept.scopes),
            "rules": sum(len(one.rules) for one in synced.kept.scopes.values()),
            "exclusions": sum(len(one.out) for one in synced.kept.scopes.values()),
            "left_out": synced.left_out,
            "changes": [
                {
                    "handle": one.handle,
                    "programme": one.name,
                    "new": one.new,
                    "gone": one.ends,
                    "added": list(one.added),
                    "removed": list(one.gone),
                }
                for one in synced.changes
            ],
            "notes": [*synced.failed, *synced.notes],
        }
    )


def as_toml(each: Sequence[Scoped]) -> Iterator[str]:
    """A file of programmes, as `watch.files` reads it."""
    for one, scope, name in _programmes(each):
        yield "[[programs]]"
        yield f"name = {text(name)}"
        yield f"platform = {text(scope.platform or one.name)}"
        for key, rules in _lists(scope).items():
            yield f"{key} = [{', '.join(text(rule) for rule in rules)}]"
        yield ""


def as_json(each: Sequence[Scoped]) -> str:
    """The same as JSON."""
    programmes = [
        {"name": name, "handle": scope.handle, "platform": scope.platform or one.name, **_lists(scope)}
        for one, scope, name in _programmes(each)
    ]
    return render.json_text({"programs": programmes}, indent=2)


def _programmes(each: Sequence[Scoped]) -> Iterator[tuple[Scoped, Scope, str]]:
    for one in each:
        for scope, name in called(one.kept.scopes.values()):
            if scope.rules:
                yield one, scope, name


def _lists(scope: Scope) -> dict[str, list[str]]:
    found = {
        "domains": [one.text for one in scope.rules if one.kind != "cidr"],
        "cidrs": [one.value for one in scope.rules if one.kind == "cidr"],
        "out_of_scope": [one.text for one in scope.out],
    }
    return {key: rules for key, rules in found.items() if rules}
