from certhia.config import reference
from certhia.config.keys import fields, sections, variable
from certhia.config.named import fields_of, sink_types


def test_every_key_is_in_the_reference_with_what_it_means() -> None:
    told = reference()
    titles = [f"## [{name}]" for name in sections()]
    titles[1:1] = ['## [logs."URL"]']
    assert [line for line in told.splitlines() if line.startswith("## ")] == [*titles, "## [sinks.NAME]"]
    for key, field in fields().items():
        assert field.description
        assert f"| `{key.partition('.')[2]}` | " in told
        assert f"`{variable(key)}`" in told


def test_every_type_of_sink_is_in_it() -> None:
    told = reference()
    for kind, model in sink_types().items():
        assert f'### type = "{kind}"' in told
        for name, field in fields_of(model).items():
            assert name == "type" or field.description
            assert name == "type" or f"| `{name}` | " in told
    assert "| `url` | URL | needed | `CERTHIA_SINKS__NAME__URL` | Where they are sent |" in told
