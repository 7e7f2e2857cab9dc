import csv
import io
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certhia.model import Delivery, RuleHit
from certhia.sinks.csv import COLUMNS, HEADER, row

Make = Callable[..., Delivery]


def read(line: str) -> dict[str, str]:
    (one,) = csv.DictReader(io.StringIO(HEADER + line), strict=True)
    return one


def test_it_begins_with_ct_scouts_columns() -> None:
    assert HEADER.startswith(
        "timestamp,matched_domain,all_domains,cert_index,not_before,not_after,fingerprint,program_name,"
    )
    assert len(set(COLUMNS)) == len(COLUMNS)


def test_a_row(make: Make) -> None:
    one = read(row(make(7)))
    assert one["timestamp"] == "1760000001"
    assert one["all_domains"] == "www.example.com;example.com;192.0.2.7"
    assert one["cert_index"] == "1007"
    assert one["program_name"] == "Acme"
    assert one["why"] == "below"
    assert one["is_precert"] == "true"
    assert one["id"] == "07" * 32


def test_what_is_missing_is_empty(make: Make) -> None:
    one = read(row(Delivery(0, make(hits=()).match)))
    assert one["program_name"] == one["why"] == ""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.lists(st.text(), max_size=4))
def test_a_row_is_one_line_of_printable_cells(make: Make, hostile: str, names: list[str]) -> None:
    line = row(make(names=tuple(names), issuer_organization=hostile, hits=(RuleHit(hostile, hostile, "san", "below"),)))
    assert line[:-1].isprintable()
    assert line.endswith("\n")
    assert len(read(line)) == len(COLUMNS)
    assert not any(cell.startswith(("=", "+", "@")) for cell in read(line).values())


def test_a_formula_among_the_names_is_defused(make: Make) -> None:
    assert read(row(make(names=("a", "=cmd()"))))["all_domains"] == "a;'=cmd()"
    assert read(row(make(names=("a;b", "c"))))["all_domains"] == r"a\x3bb;c"
