from __future__ import annotations

import tracemalloc
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from certhia._core import Ranges
from certhia.scanner.ports import Port
from certhia.scanner.targets import Block, read_target
from certhia.scanner.visiting import Knock, Part, Visit

KEY = b"k" * 16
WEB = (Knock(Port(443)), Knock(Port(8443)))


def blocks(*texts: str) -> list[Block]:
    found = [read_target(text) for text in texts]
    assert all(isinstance(one, Block) for one in found)
    return [one for one in found if isinstance(one, Block)]


def visited(part: Part, at_once: int = 7, start: int = 0) -> list[Visit]:
    out: list[Visit] = []
    while found := part.visit(start, at_once):
        out += found
        start = found[-1].number + 1
    return out


def test_all_of_them_once_in_another_order_and_none_that_is_left_out() -> None:
    part = Part(blocks("192.0.2.0/28", "192.0.2.4-20", "2001:db8::1-9"), WEB, Ranges(["192.0.2.7", "2001:db8::2"]), KEY)
    found = visited(part)
    assert part.count == len(found) == (21 - 1 + 9 - 1) * 2
    targets = {(visit.address, visit.knock.port.number) for visit in found}
    assert len(targets) == len(found)
    assert not any(address in {"192.0.2.7", "2001:db8::2"} for address, _ in targets)
    assert [visit.number for visit in found] == list(range(part.count))
    addresses = [visit.address for visit in found]
    assert addresses != sorted(addresses, key=ip_address_key)


def ip_address_key(text: str) -> tuple[int, int]:
    address = ip_address(text)
    return address.version, int(address)


def test_the_order_is_the_keys() -> None:
    def order(key: bytes) -> list[str]:
        return [visit.address for visit in visited(Part(blocks("10.0.0.0/20"), WEB[:1], Ranges(), key))]

    assert order(KEY) == order(KEY)
    assert order(KEY) != order(b"l" * 16)
    spread = order(KEY)[:256]
    assert len({address.split(".")[2] for address in spread}) == 16


def test_it_goes_on_from_any_number() -> None:
    part = Part(blocks("10.0.0.0/28", "10.1.0.0/29:25", "10.2.0.0/30:smtp"), WEB, Ranges(), KEY)
    whole = visited(part)
    for start in range(part.count + 1):
        assert visited(part, 5, start) == whole[start:]
    assert part.visit(part.count + 1, 5) == []


def test_a_port_of_its_own_is_the_only_one() -> None:
    part = Part(blocks("10.0.0.1", "10.0.0.2:25", "10.0.0.1:8443"), WEB, Ranges(), KEY)
    assert {(visit.address, visit.knock.port.number, visit.block.origin) for visit in visited(part)} == {
        ("10.0.0.1", 443, "10.0.0.1"),
        ("10.0.0.1", 8443, "10.0.0.1"),
        ("10.0.0.1", 8443, "10.0.0.1:8443"),
        ("10.0.0.2", 25, "10.0.0.2:25"),
    }


def test_names_asked_for_are_part_of_the_order() -> None:
    knocks = [Knock(Port(443), name) for name in ("a.example", "b.example", None)]
    part = Part(blocks("10.0.0.0/30", "10.0.0.9:8443"), knocks, Ranges(), KEY)
    found = visited(part)
    assert part.count == len({(visit.address, visit.knock) for visit in found}) == 15
    assert {visit.knock.port.number for visit in found if visit.address == "10.0.0.9"} == {8443}


def test_nothing_left_is_no_part() -> None:
    part = Part(blocks("10.0.0.0/30"), WEB, Ranges(["10.0.0.0/8"]), KEY)
    assert (part.count, part.visit(0, 9)) == (0, [])
    assert Part([], WEB, Ranges(), KEY).count == 0


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), min_size=1, max_size=8))
def test_an_address_is_of_a_block_that_holds_it(spans: list[tuple[int, int]]) -> None:
    written = [Block(f"{first}+{more}", 1, 4, first, first + more) for first, more in spans]
    found = visited(Part(written, WEB[:1], Ranges(), KEY))
    assert len(found) == len({number for first, more in spans for number in range(first, first + more + 1)})
    for visit in found:
        assert visit.block.first <= int(ip_address(visit.address)) <= visit.block.last


def test_sixteen_million_take_the_memory_of_a_thousand() -> None:
    def peak(text: str) -> int:
        tracemalloc.start()
        part = Part(blocks(text), WEB, Ranges(), KEY)
        for number in (0, part.count // 2, part.count - 256):
            part.visit(number, 256)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak("10.0.0.0/22")  # what is made once
    assert peak("10.0.0.0/8") <= peak("10.0.0.0/22") + 4096
    assert Part(blocks("10.0.0.0/8"), WEB, Ranges(), KEY).count == 1 << 25


def test_ipv6_networks_of_any_size() -> None:
    part = Part(blocks("2001:db8::/32"), WEB, Ranges(), KEY)
    assert part.count == 1 << 97
    found = part.visit(part.count - 3, 9)
    assert len({visit.address for visit in found}) == 3
    assert all(visit.address.startswith("2001:db8:") for visit in found)
