import pytest

from certhia.config import reference
from certhia.config.keys import fields, sections, variable
from certhia.config.named import TYPED, fields_of, types_of


def test_every_key_is_in_the_reference_with_what_it_means() -> None:
    told = reference()
    titles = [f"## [{name}]" for name in sections()]
    titles[1:1] = ['## [logs."URL"]']
    titles.insert(titles.index("## [platforms]") + 1, "## [platforms.NAME]")
    titles += ["## [modules.NAME]", "## [sinks.NAME]"]
    assert [line for line in told.splitlines() if line.startswith("## ")] == titles
    for key, field in fields().items():
        assert field.description
        assert f"| `{key.partition('.')[2]}` | " in told
        assert f"`{variable(key)}`" in told


@pytest.mark.parametrize("section", TYPED)
def test_every_type_is_in_it(section: str) -> None:
    told = reference()
    for kind, model in types_of(section).items():
        assert f'### type = "{kind}"' in told
        for name, field in fields_of(model).items():
            assert name == "type" or field.description
            assert name == "type" or f"| `{name}` | " in told
    assert "| `url` | URL | needed | `CERTHIA_SINKS__NAME__URL` | Where they are sent |" in told
