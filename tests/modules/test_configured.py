"""A module's own keys, made what it says that they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from certhia.config.modules import ModuleSection, OtherModule, Own
from certhia.config.values import Section
from certhia.errors import ConfigError
from certhia.modules import Info, Nothing, Sees
from certhia.modules.configured import Spec, configured
from certhia.modules.places import Place

PLACE = Place("mine", "file", "/mine.py")


class Keys(Section):
    days: int = Field(7, ge=1)
    words: tuple[str, ...] = ()


INFO = Info("mine", "1", "", Sees.ENTRIES, config=Keys)


def spec(**own: Own) -> Spec:
    return Spec(PLACE, own)


def test_values_become_what_they_are_for() -> None:
    made = configured(spec(days=Own("30"), words=Own(["a", "b"])), INFO)
    assert made == Keys(days=30, words=("a", "b"))


@pytest.mark.parametrize(
    "own, text",
    [
        ({"day": Own(1, "certhia.toml:7")}, "certhia.toml:7: modules.mine.day: is an unknown key; did you mean days?"),
        ({"days": Own("x", "certhia.toml:8")}, 'certhia.toml:8: modules.mine.days: "x" must be a valid integer'),
        ({"days": Own(0)}, "^modules.mine.days: "),
    ],
)
def test_what_is_wrong_is_told_with_its_place(own: dict[str, Own], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        configured(spec(**own), INFO)


def test_nobody_is_shown_what_is_hidden() -> None:
    with pytest.raises(ConfigError) as told:
        configured(spec(days=Own("hunter2", "certhia.toml:8", hidden=True)), INFO)
    assert str(told.value).startswith("certhia.toml:8: modules.mine.days: must be a valid integer")
    assert "hunter2" not in str(told.value)
    with pytest.raises(ConfigError) as told:
        configured(spec(days=Own("https://me:hunter2@a.example/", "certhia.toml:8")), INFO)
    assert "hunter2" not in str(told.value)


def test_a_module_without_keys() -> None:
    info = Info("mine", "1", "", Sees.ENTRIES)
    assert configured(spec(), info) == Nothing()
    with pytest.raises(ConfigError, match=r"modules.mine.a: is an unknown key; it has none of its own"):
        configured(spec(a=Own(1)), info)


def test_it_comes_through_to_another_process() -> None:
    one = Spec(
        PLACE, {"days": Own(3, "certhia.toml:7", hidden=True)}, "/own", 60.0, ["example.com"], ["/rules"], look=True
    )
    assert Spec.told(one.tell()) == one
    assert Spec.told(one.tell()).own["days"].hidden


def test_built_in_modules_are_given_their_settings_as_they_are() -> None:
    section = ModuleSection(cache_ttl=5.0)
    one = Spec.of(PLACE, section, Path("/own"), ["example.com"], [Path("/rules")])
    assert configured(one, INFO) is section
    other = Spec.of(PLACE, OtherModule(own={"days": Own(9)}), Path("/own"), (), ())
    assert configured(other, INFO) == Keys(days=9)
    assert (one.ttl, one.files, other.ttl) == (5.0, ["/rules"], 86_400.0)
