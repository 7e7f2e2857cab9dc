"""The process that modules run in, as it answers. That it ends, and how, is shown by test_process.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from certhia.config.modules import Own
from certhia.modules.configured import Spec
from certhia.modules.places import Place
from certhia.modules.wire import ANSWER, log_name, match_row
from certhia.modules.worker import Worker, packed
from certhia.testing import entries_of, matches_of

MODULE = """
from certhia.config.values import Section
from certhia.modules import Finding, Info, Sees

class Keys(Section):
    word: str = "one"

class Mine:
    info = Info("mine", "1", "Mine", Sees.ENTRIES, config=Keys)

    def setup(self, config, outside):
        self.word, self.rules = config.word, len(outside.watched().matcher)

    def reconfigure(self, config):
        self.word = config.word

    def process(self, batch):
        return [Finding(self.word, f"{len(batch)} {self.rules}")]

    def flush(self):
        return [Finding("held", "back")]
"""


class Asked:
    def __init__(self, tmp_path: Path) -> None:
        (tmp_path / "mine.py").write_text(MODULE)
        self.place = Place("mine", "file", str(tmp_path / "mine.py"))
        self.worker = Worker()

    def spec(self, **more: Any) -> dict[str, Any]:
        return Spec(self.place, rules=("example.com",), **more).tell()

    async def ask(self, what: str, *blobs: bytes, **more: Any) -> dict[str, Any]:
        return await self.worker.answer({"do": what, "id": "mine@1", **more}, blobs)


async def test_a_life(tmp_path: Path) -> None:
    one, batch = Asked(tmp_path), entries_of("a.example", "b.example")
    told = (await one.ask("load", spec=one.spec()))["ok"]
    assert told["has"] == ["process", "reconfigure", "flush"]
    assert told["keys"] == {"word": ""}
    page: dict[str, Any] = {"page": 1, "log": log_name(batch.log)}
    first = await one.ask("entries", batch.page.dump(), positions=None, **page)
    assert first["ok"][0][2:4] == ["one", "2 1"]
    assert first["seconds"] > 0
    assert (await one.ask("entries", positions=[1], **page))["ok"][0][3] == "1 1"
    await one.ask("reconfigure", spec=one.spec(own={"word": Own("two")}))
    row = match_row(matches_of("a.example").matches[0])
    assert (await one.ask("matches", matches=[row], kept=[[None, None]]))["ok"][0][2] == "two"
    assert (await one.ask("flush"))["ok"][0][3] == "back"
    assert (await one.ask("close"))["ok"] is None
    assert "KeyError" in str((await one.ask("flush"))["error"])


async def test_a_look_sets_nothing_up(tmp_path: Path) -> None:
    one = Asked(tmp_path)
    assert (await one.ask("load", spec=one.spec(look=True)))["ok"]["name"] == "mine"
    assert "KeyError" in str((await one.ask("flush"))["error"])


async def test_what_is_wrong_is_an_answer(tmp_path: Path) -> None:
    one = Asked(tmp_path)
    answer = await one.ask("load", spec=one.spec(own={"words": Own(1, "certhia.toml:3")}))
    assert answer["error"].endswith("certhia.toml:3: modules.mine.words: is an unknown key; did you mean word?")


@pytest.mark.parametrize("question", [{}, {"do": "nothing"}])
async def test_questions_that_make_no_sense(tmp_path: Path, question: dict[str, Any]) -> None:
    answer = await Asked(tmp_path).worker.answer(question, [])
    assert "KeyError" in str(answer["error"])


@pytest.mark.parametrize("how", ["sys.exit(3)", "raise GeneratorExit", "raise Mute"])
async def test_one_that_wants_to_end_the_process_is_told(tmp_path: Path, how: str) -> None:
    one = Asked(tmp_path)
    begin = "import sys\nclass Mute(Exception):\n    def __str__(self): raise ValueError\n"
    (tmp_path / "mine.py").write_text(f"{begin}{how}\n")
    answer = await one.ask("load", spec=one.spec())
    assert answer["error"] in ("SystemExit: 3", "GeneratorExit", "Mute")


def test_an_answer_that_can_be_no_message() -> None:
    told = {"said": [], "events": [["mine.seen", {"a": "b" * ANSWER}, ""]], "ok": None}
    assert b"its results take 17 MB, 17 are the most" in packed(told)
    deep: list[object] = []
    deep.append(deep)
    assert b"its results are no JSON" in packed({**told, "ok": deep})
