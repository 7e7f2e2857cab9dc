from __future__ import annotations

from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.scanner import exclude
from certhia.scanner.exclude import Excluded, read_excluded
from certhia.scanner.targets import Block, read_target

ALLOW = "; --allow-private scans it"


def block(text: str) -> Block:
    found = read_target(text)
    assert isinstance(found, Block)
    return found


def test_addresses_networks_ranges_and_hosts(tmp_path: Path) -> None:
    path = tmp_path / "exclude.txt"
    path.write_text("8.8.8.0/24 # theirs\n2606:4700::/32\nexample.com\n")
    found = read_excluded([str(path), "1.1.1.1,9.9.9.1-9, Bücher.Example"])
    for text in ("8.8.8.8", "1.1.1.1", "9.9.9.9", "2606:4700::7", "::ffff:8.8.8.8"):
        assert found.address(text) == "excluded"
    for text in ("64:ff9b::808:808", "2002:808:808::1"):  # where a gateway may lead to 8.8.8.8
        assert found.address(text) == "excluded"
    for text in ("64:ff9b::808:908", "8.8.9.8", "1.1.1.2", "9.9.9.10", "2606:4701::7"):
        assert found.address(text) is None
    for name in ("example.com", "a.b.example.com", "xn--bcher-kva.example"):
        assert found.name(name) == "excluded"
    for name in ("com", "notexample.com", "example.com.example.org"):
        assert found.name(name) is None


def test_private_addresses_are_left_out_unless_allowed() -> None:
    found = Excluded()
    assert found.address("10.0.0.1") == "private, RFC 1918"
    assert found.address("nonsense") == "no numeric address"
    assert found.ranges.contains("64:ff9b::a00:1")
    assert not found.ranges.contains("64:ff9b::808:808")
    open_to_all = read_excluded(["10.0.0.9"], allow_private=True)
    assert open_to_all.address("10.0.0.1") is None
    assert open_to_all.address("10.0.0.9") == "excluded"
    assert open_to_all.ranges.count == 1


def test_what_is_left_out_of_a_block_is_counted() -> None:
    found = read_excluded(["8.8.8.8,8.8.8.0"])
    assert found.without(block("8.8.8.0/24")) == (2, "excluded")
    assert found.without(block("9.9.9.0/24")) == (0, "")
    assert found.without(block("192.168.0.0/16")) == (1 << 16, f"private, RFC 1918{ALLOW}")
    assert found.without(block("9.255.255.255-10.0.0.0")) == (1, f"private, RFC 1918{ALLOW}")
    assert found.without(block("2001:0:909:909::f7f6:f7f7")) == (1, f"leads to a closed address{ALLOW}")


def test_an_address_alone_is_left_out_or_not() -> None:
    found = read_excluded(["8.8.8.8,2606:4700::/32"])
    for text in ("8.8.8.8", "2606:4700::7", "10.0.0.1", "::1", "64:ff9b::a00:1"):
        assert found.alone(block(text))
    for text in ("8.8.8.9", "2606:4701::7", "10.0.0.0/8", "8.8.8.8-9"):
        assert not found.alone(block(text))
    assert not Excluded(allow_private=True).alone(block("10.0.0.1"))


@pytest.mark.parametrize(
    "entry, told",
    [
        ("exclude.txt", "exclude.txt: no such file; name one that is there"),
        ("Exclude.TXT", "Exclude.TXT: no such file; name one that is there"),
        (
            "exclud",
            "exclud: no such file, and no such top-level domain; name a file that is there, or write exclud. with",
        ),
        ("10.0.0.1,exclud", "exclud: no such file"),
        ("./exclude", "./exclude: no such file"),
        ("lists/exclude,8.8.8.8", "lists/exclude: no such file"),
        ("a b", 'can\'t all be read:\nthe target "a b" has a space in it'),
        ("*.example.com", "has a star"),
        ("10.0.0.1:443", "is excluded with a port or path"),
        ("https://example.com/", "is excluded with a port or path"),
        ("-", "can't be read from standard input"),
        ("a b,c d,e f,g h,i j", "and 2 more"),
    ],
)
def test_what_cannot_be_read_ends_the_scan_before_it_begins(entry: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_excluded([entry])
    assert told in str(caught.value)


def test_a_bad_line_of_a_file_is_told_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "exclude"
    path.write_text("8.8.8.8\n10.0.0.300\n")
    with pytest.raises(ConfigError, match=r"exclude:2: the target"):
        read_excluded([str(path)])


def test_entries_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exclude, "MAX_ENTRIES", 2)
    read_excluded(["8.8.8.8,9.9.9.9"])
    with pytest.raises(ConfigError, match="more than 2 entries are excluded; write networks"):
        read_excluded(["8.8.8.8,9.9.9.9,1.1.1.1"])


def test_a_list_longer_than_the_name_of_a_file() -> None:
    listed = ",".join(f"203.0.113.{number}" for number in range(256))
    excluded = read_excluded([listed], allow_private=True)
    assert excluded.address("203.0.113.77") == "excluded"


def test_names_of_one_label_are_domains_or_say_so() -> None:
    found = read_excluded(["com,LAN.,localhost"])
    assert [found.name(name) for name in ("a.com", "db.lan", "localhost", "a.org")] == ["excluded"] * 3 + [None]


def test_what_left_out_nothing_is_known(tmp_path: Path) -> None:
    path = tmp_path / "exclude"
    path.write_text("9.9.9.9\nexample.org\n")
    found = read_excluded(["8.8.8.8,1.1.1.0/24,example.com,www.example.com,10.0.0.0/8", str(path)])
    assert len(found.unmet) == 6
    assert found.address("nonsense") == "no numeric address"
    found.without(block("1.1.0.0/16"))
    found.address("10.0.0.1")  # private besides
    assert found.unmet == ["8.8.8.8", "example.com", "www.example.com", str(path)]
    found.name("a.www.example.com")
    found.address("8.8.4.4")
    assert found.unmet == ["8.8.8.8", str(path)]
    found.name("example.org")
    found.address("64:ff9b::808:808")
    assert found.unmet == []


def test_all_there_is_cannot_be_left_out() -> None:
    with pytest.raises(ConfigError, match="--exclude leaves out every address there is"):
        read_excluded(["0.0.0.0/0,::/0"])


def test_a_long_list_is_one_entry() -> None:
    found = read_excluded([",".join(f"8.8.8.{number}" for number in range(100))])
    assert found.unmet == ["8.8.8.0,..."]
    found.address("8.8.8.50")
    assert found.unmet == []
