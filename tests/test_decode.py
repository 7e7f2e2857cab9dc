"""What people are told of an entry is what its leaf says."""

from __future__ import annotations

import hashlib
from typing import NoReturn, cast

import pytest

from certhia import decode
from certhia._core import Entry, Issuers, Matcher, Page
from certhia.errors import CerthiaError, Malformed
from certhia.model import Log, Quarantined, RuleHit
from certhia.testing import FakeLog, Issued, World

HITS = (RuleHit("example.com", "www.example.com", "san", "below"),)


def entry_of(world: World, issued: Issued, *, timestamp: int = 1_790_000_000_123) -> tuple[Log, Entry, FakeLog]:
    log = world.rfc6962("alpha", description="Alpha 2026", operator="Someone")
    log.add(world.ca.issue(["other.example"]), issued, timestamp=timestamp)
    log.publish()
    body = world.handle("GET", f"{log.url}ct/v1/get-entries?start=0&end=1").body
    return log.model, Page.from_get_entries([body], 0, Issuers())[1], log


@pytest.mark.parametrize("precert", [False, True])
def test_all_that_a_match_tells(certhia_world: World, precert: bool) -> None:
    issued = certhia_world.ca.issue(
        ["www.example.com", "*.example.org"], ["192.0.2.7"], precert=precert, organization="Acme Ltd", serial=0xAB12
    )
    log, entry, _ = entry_of(certhia_world, issued)
    match = decode.match(log, entry, HITS, verified=True, seen=5.0)
    assert match.key == match.tbs_sha256 == issued.tbs_sha256
    assert match.names == ("www.example.com", "*.example.org", "192.0.2.7")
    assert match.hits == HITS
    assert (match.not_before, match.not_after) == (issued.not_before, issued.not_after)
    assert match.serial == "AB12"
    assert match.issuer_organization == "Certhia Test"
    assert match.subject_organization == "Acme Ltd"
    assert "Certhia Test Intermediate" in match.issuer
    assert match.sha256 == issued.sha256, "of the precertificate as submitted, or of the certificate"
    assert (match.verified, match.seen, match.sightings) == (True, 5.0, 1)
    assert (match.log.id, match.log.url, match.log.description, match.log.operator) == (
        log.id,
        log.url,
        "Alpha 2026",
        "Someone",
    )
    assert match.sighting == decode.sighting(log, entry)
    assert (match.sighting.log_id, match.sighting.index) == (log.id, 1)
    assert (match.sighting.is_precert, match.sighting.timestamp) == (precert, 1_790_000_000_123)


class Defective:
    """An entry whose certificate breaks the core."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    def __getattr__(self, name: str) -> object:
        return getattr(self.entry, name)

    @property
    def certificate(self) -> NoReturn:
        raise CerthiaError("a defect in Certhia's core")


def test_a_defect_of_ours_hides_no_match(certhia_world: World) -> None:
    log, entry, _ = entry_of(certhia_world, certhia_world.ca.issue(["www.example.com"]))
    match = decode.match(log, cast("Entry", Defective(entry)), HITS, verified=True, seen=5.0)
    assert (match.hits, match.names) == (HITS, ("www.example.com",))
    assert match.fault == "a defect in Certhia's core"
    assert match.key == match.tbs_sha256 == entry.leaf_hash
    assert match.sighting == decode.sighting(log, entry)


def test_a_precertificate_and_its_certificate_have_one_key(certhia_world: World) -> None:
    precert = certhia_world.ca.issue(["www.example.com"], precert=True)
    log, first, fake = entry_of(certhia_world, precert)
    final = certhia_world.ca.finish(precert, [fake.sct(fake.entries[1])])
    fake.add(final)
    fake.publish()
    body = certhia_world.handle("GET", f"{fake.url}ct/v1/get-entries?start=2&end=2").body
    second = Page.from_get_entries([body], 2, Issuers())[0]
    told = [decode.match(log, one, HITS, verified=False, seen=0) for one in (first, second)]
    assert told[0].key == told[1].key
    assert told[0].sha256 != told[1].sha256
    assert told[1].sha256 == hashlib.sha256(final.der).digest()
    assert told[0].spki_sha256 == told[1].spki_sha256


def test_signed_by_a_precertificate_signing_certificate_all_the_same(certhia_world: World) -> None:
    issued = certhia_world.ca.issue(["www.example.com"], precert=True, precert_signer=True)
    log, entry, _ = entry_of(certhia_world, issued)
    assert decode.match(log, entry, HITS, verified=False, seen=0).key == issued.tbs_sha256


def test_each_sighting_has_a_key_of_its_own(certhia_world: World) -> None:
    issued = certhia_world.ca.issue(["www.example.com"])
    log, entry, fake = entry_of(certhia_world, issued)
    other = certhia_world.static("beta").model
    keys = {decode.sighting_key(one, entry, issued.tbs_sha256) for one in (log, other)}
    assert len(keys) == 2
    assert decode.sighting_key(log, entry, issued.tbs_sha256) in keys, "stable over restarts"
    fake.add(issued)
    fake.publish()
    body = certhia_world.handle("GET", f"{fake.url}ct/v1/get-entries?start=2&end=2").body
    again = Page.from_get_entries([body], 2, Issuers())[0]
    assert decode.sighting_key(log, again, issued.tbs_sha256) not in keys


def test_organizations_may_be_missing(certhia_world: World) -> None:
    log, entry, _ = entry_of(certhia_world, certhia_world.ca.issue(["www.example.com"]))
    assert decode.match(log, entry, HITS, verified=False, seen=0).subject_organization == ""


@pytest.mark.parametrize("precert", [False, True])
def test_a_leaf_that_was_kept_is_decoded_anew(certhia_world: World, precert: bool) -> None:
    issued = certhia_world.ca.issue(["www.example.com"], precert=precert)
    log, entry, _ = entry_of(certhia_world, issued)
    page = decode.again(Quarantined(log.id, entry.index, "why", entry.leaf_hash, entry.leaf_input))
    assert (page.first, len(page), page.leaf_hashes) == (entry.index, 1, entry.leaf_hash)
    assert page[0].certificate.names == ["www.example.com"]
    assert Matcher(()).scan(page).quarantined == []


def test_a_leaf_that_was_not_kept(certhia_world: World) -> None:
    with pytest.raises(Malformed, match="a leaf that was kept"):
        decode.again(Quarantined(b"", 0, "why", b""))


@pytest.mark.parametrize(
    "whys, kind",
    [
        (["possible"], "possible"),
        (["possible", "below"], "alert"),
        (["possible", "possible"], "possible"),
        ([], "alert"),
    ],
)
def test_only_possible_where_nothing_else_is(certhia_world: World, whys: list[str], kind: str) -> None:
    log, entry, _ = entry_of(certhia_world, certhia_world.ca.issue(["www.example.com"]))
    hits = tuple(RuleHit("example.com", "www.example.com", "san", why) for why in whys)
    match = decode.match(log, entry, hits, verified=False, seen=0, fault="why", unproven="why not")
    assert (match.kind, match.fault, match.unproven) == (kind, "why", "why not")
