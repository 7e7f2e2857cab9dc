"""What the settings of all modules share."""

from __future__ import annotations

from certhia.config.modules.section import ModuleSection, ModulesSection, Own


def test_what_holds_unless_told_otherwise() -> None:
    one = ModuleSection()
    assert (one.enabled, one.trusted, one.only, one.deadline, one.cache_ttl, one.queue) == (
        True,
        False,
        (),
        None,
        86_400.0,
        64,
    )
    assert ModulesSection().autoload == ()


def test_the_place_of_a_value_is_no_part_of_it() -> None:
    assert Own(1, "certhia.toml:1") == Own(1, "certhia.toml:9") != Own(2, "certhia.toml:1")
