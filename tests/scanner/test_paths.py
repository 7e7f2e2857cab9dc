"""Searching for a way to a root: cycles, meshes, depth, and which candidate comes first."""

from __future__ import annotations

import time
from collections.abc import Sequence

from certhia._core import Certificate
from certhia.scanner.paths import MAX_CANDIDATES, MAX_DEPTH, MAX_PATHS, MAX_STEPS, Search
from certhia.scanner.trust import Issuer
from certhia.testing.authority import Authority, Made

NOW = time.time()
ROOT = Authority.root("Path root")


def issuer(made: Made) -> Issuer:
    return Issuer(Certificate.from_der(made.der))


class Pool:
    """Candidates by name, and how often a signature was asked about."""

    def __init__(self, *made: Made, roots: Sequence[Made] = (ROOT,)) -> None:
        self.all = [issuer(one) for one in (*roots, *made)]
        self.roots = {issuer(one).sha256 for one in roots}
        self.checks = 0

    def search(self) -> Search:
        def holds(parent: Issuer, child: Issuer) -> bool:
            self.checks += 1
            return True

        return Search(
            lambda child: [one for one in self.all if one.subject == child.issuer],
            lambda one: one.sha256 in self.roots,
            holds,
        )

    def paths(self, leaf: Made) -> list[list[str]]:
        return [[one.certificate.common_name or "" for one in path] for path in self.search().paths(issuer(leaf), NOW)]


def chained(count: int) -> list[Authority]:
    path = [ROOT]
    for number in range(count):
        path.append(path[-1].authority(f"Link {number}"))
    return path[1:]


def test_a_plain_path() -> None:
    one, two = chained(2)
    assert Pool(one, two).paths(two.leaf(["a.example"])) == [["a.example", "Link 1", "Link 0", "Path root"]]


def test_as_deep_as_can_be_and_no_deeper() -> None:
    links = chained(MAX_DEPTH)
    deepest = links[MAX_DEPTH - 3].leaf(["a.example"])  # leaf, 14 links and the root
    assert [len(path) for path in Pool(*links).paths(deepest)] == [MAX_DEPTH]
    pool = Pool(*links)
    search = pool.search()
    assert list(search.paths(issuer(links[MAX_DEPTH - 2].leaf(["b.example"])), NOW)) == []
    assert search.exhausted
    assert len(search.partial) == MAX_DEPTH


def test_cycles_end() -> None:
    """A signed by B, B by A, and both by themselves: no root, and nothing comes twice."""
    a, b = Authority.root("Cycle A"), Authority.root("Cycle B")
    pool = Pool(a, b, a.authority("Cycle B"), b.authority("Cycle A"))
    search = pool.search()
    assert list(search.paths(issuer(a.leaf(["a.example"])), NOW)) == []
    assert not search.exhausted
    assert len(search.partial) == 3
    assert pool.checks <= 4


def test_a_way_out_of_a_cycle_is_found() -> None:
    a, b = Authority.root("Cycle A"), Authority.root("Cycle B")
    pool = Pool(a.authority("Cycle B"), b.authority("Cycle A"), ROOT.authority("Cycle B"))
    assert pool.paths(a.leaf(["a.example"])) == [["a.example", "Cycle A", "Cycle B", "Path root"]]


def test_a_mesh_of_cross_signed_authorities_is_given_up() -> None:
    """Ten that signed each other: millions of ways, none to a root."""
    mesh = [Authority.root(f"Mesh {number}") for number in range(10)]
    crossed = [one.authority(f"Mesh {number}") for one in mesh for number in range(10)]
    pool = Pool(*crossed)
    search = pool.search()
    assert list(search.paths(issuer(mesh[0].leaf(["a.example"])), NOW)) == []
    assert search.exhausted
    assert pool.checks <= MAX_STEPS


def test_no_more_paths_than_enough() -> None:
    middle = [ROOT.authority("Many", not_after=100 + days) for days in range(MAX_PATHS + 5)]
    pool = Pool(*middle)
    assert len(pool.paths(middle[0].leaf(["a.example"]))) == MAX_PATHS


def test_no_more_candidates_than_enough() -> None:
    """The wanted one is the last of very many, and comes first by its key identifier."""
    wanted = ROOT.authority("Crowded")
    crowd = [
        Authority.root("Stranger").authority("Crowded", key=Authority.root(f"Key {number}").key)
        for number in range(MAX_CANDIDATES * 2)
    ]
    pool = Pool(*crowd, wanted)
    assert pool.paths(wanted.leaf(["a.example"])) == [["a.example", "Crowded", "Path root"]]
    assert pool.checks == MAX_CANDIDATES + 1


def test_the_wanted_key_comes_first_then_the_valid_then_the_root() -> None:
    right = ROOT.authority("Twin")
    other_key = ROOT.authority("Twin", key=Authority.root("Another key").key)
    expired = ROOT.authority("Twin", not_after=-1)
    leaf = issuer(right.leaf(["a.example"]))
    pool = Pool(other_key, expired, right)
    found = [path[1].sha256 for path in pool.search().paths(leaf, NOW)]
    assert found == [issuer(one).sha256 for one in (right, expired, other_key)]
    cross = Authority.root("Old root").authority("Path root")
    pool = Pool(cross, roots=(ROOT,))
    found = [path[1].sha256 for path in pool.search().paths(issuer(ROOT.leaf(["b.example"])), NOW)]
    assert found == [issuer(ROOT).sha256]


def test_a_signature_that_does_not_hold_is_no_way() -> None:
    one = ROOT.authority("Unsigned")
    pool = Pool(one)
    search = Search(pool.search()._candidates, lambda it: it.sha256 in pool.roots, lambda parent, child: False)
    leaf = issuer(one.leaf(["a.example"]))
    assert list(search.paths(leaf, NOW)) == []
    assert search.bad is leaf


def test_a_root_alone_is_a_path() -> None:
    assert Pool().paths(ROOT) == [["Path root"]]
