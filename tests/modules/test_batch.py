"""What a module is handed: pages of entries, matches with what is kept of them."""

from __future__ import annotations

import pytest

from certhia.errors import Malformed
from certhia.model import LogName
from certhia.modules.batch import Entries, Matches, Shared
from certhia.sinks.sample import sample
from certhia.testing import CA, matches_of
from certhia.testing.modules import page_of

LOG = LogName(bytes(32), "https://ct.example/", "Example log", "Example")


def test_all_of_a_page_unless_positions_are_given() -> None:
    page = page_of("a.example", "b.example", "c.example")
    assert [position for position, _ in Entries.of(LOG, page)] == [0, 1, 2]
    some = Entries.of(LOG, page, [0, 2])
    assert [(position, entry.certificate.names) for position, entry in some] == [(0, ["a.example"]), (2, ["c.example"])]
    assert (len(some), some.page is page) == (2, True)


def test_columns_are_made_once_for_all() -> None:
    shared = Shared(page_of("a.example", "b.example"))
    one, other = Entries(LOG, shared, [0]), Entries(LOG, shared, [1])
    assert one.columns is other.columns
    assert one.columns["names"] == [["a.example"], ["b.example"]]


def test_matches_with_their_certificates() -> None:
    ca = CA()
    issued = ca.issue(["a.example"])
    matches = matches_of(issued)
    assert [number for number, _ in matches] == [0]
    found, issuer = matches.certificate(0), matches.issuer(0)
    assert found is not None
    assert issuer is not None
    assert (found.names, found.der, issuer.der) == (["a.example"], issued.der, ca.intermediate)


def test_certificates_that_are_not_kept() -> None:
    matches = Matches([sample(0.0)])
    assert (len(matches), matches.certificate(0), matches.issuer(0)) == (1, None, None)


def test_bytes_that_are_no_certificate() -> None:
    with pytest.raises(Malformed):
        Matches([sample(0.0)], lambda _match: b"no").certificate(0)
