"""Frames as RFC 6455 has them: whole, in pieces, byte by byte, and what must not be."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.stream import frames
from certhia.stream.frames import Reader, Received, Violation

MASK = b"\x12\x34\x56\x78"


def masked(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes = MASK) -> bytes:
    """A client's frame."""
    length = len(payload)
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 1 << 16:
        head += struct.pack("!BH", 0x80 | 126, length)
    else:
        head += struct.pack("!BQ", 0x80 | 127, length)
    return head + mask + bytes(one ^ mask[at % 4] for at, one in enumerate(payload))


def deflated(text: bytes) -> bytes:
    compress = zlib.compressobj(wbits=-15)
    return (compress.compress(text) + compress.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\0\0\xff\xff")


def read(data: bytes, *, deflate: bool = False) -> list[Received]:
    return list(Reader(deflate=deflate).feed(data))


def violated(data: bytes, *, deflate: bool = False) -> tuple[int, str]:
    with pytest.raises(Violation) as caught:
        read(data, deflate=deflate)
    return caught.value.code, str(caught.value)


def test_a_message() -> None:
    assert read(masked(1, "grüß".encode())) == [(frames.TEXT, "grüß".encode())]
    assert read(masked(2, b"\xff")) == [(frames.BINARY, b"\xff")]
    assert read(masked(1)) == [(frames.TEXT, b"")]


def test_fragments_with_control_frames_between() -> None:
    data = masked(1, b"a", fin=False) + masked(9, b"there?") + masked(0, b"", fin=False) + masked(10) + masked(0, b"b")
    assert read(data) == [(frames.PING, b"there?"), (frames.PONG, b""), (frames.TEXT, b"ab")]


def test_a_character_in_two_fragments() -> None:
    assert read(masked(1, b"\xc3", fin=False) + masked(0, b"\xbc")) == [(frames.TEXT, "ü".encode())]


@pytest.mark.parametrize("length", [0, 125, 126, 127, 65_535, 65_536])
def test_lengths(length: int) -> None:
    assert read(masked(2, b"x" * length)) == [(frames.BINARY, b"x" * length)]


def test_byte_by_byte() -> None:
    reader, data = Reader(), masked(1, b"x" * 300) + masked(8, b"\x03\xe8bye")
    got = [message for one in data for message in reader.feed(bytes([one]))]
    assert got == [(frames.TEXT, b"x" * 300), (frames.CLOSE, b"\x03\xe8bye")]


@pytest.mark.parametrize(
    "data, said",
    [
        (masked(8, fin=False), "control frames must not be fragmented"),
        (masked(9, fin=False), "control frames must not be fragmented"),
        (masked(9, b"x" * 126), "at most 125"),
        (frames.frame(1, b"unmasked"), "must be masked"),
        (masked(3), "no opcode 3"),
        (masked(11), "no opcode 11"),
        (masked(1, b"x", rsv=4), "reserved bits"),
        (masked(1, b"x", rsv=2), "reserved bits"),
        (masked(0, b"x"), "begins with a continuation"),
        (masked(1, fin=False) + masked(1, b"x"), "before the last one ended"),
        (masked(1, b"a", fin=False) + masked(2, b"x", fin=False), "before the last one ended"),
        (masked(8, b"\x03"), "code that must not be sent"),
        (masked(8, struct.pack("!H", 1005)), "code that must not be sent"),
        (masked(8, struct.pack("!H", 1006)), "code that must not be sent"),
        (masked(8, struct.pack("!H", 999)), "code that must not be sent"),
        (masked(8, struct.pack("!H", 5000)), "code that must not be sent"),
        (b"\x81" + struct.pack("!BH", 0x80 | 126, 5) + MASK + b"12345", "fewest bytes"),
        (b"\x81" + struct.pack("!BQ", 0x80 | 127, 300), "fewest bytes"),
        (b"\x82" + struct.pack("!BQ", 0x80 | 127, 1 << 63), "fewest bytes"),
    ],
)
def test_what_breaks_the_protocol(data: bytes, said: str) -> None:
    code, text = violated(data)
    assert code == 1002
    assert said in text


def test_a_violation_is_seen_before_the_payload_comes() -> None:
    """Nothing of a gigabyte is waited for, nor kept."""
    assert violated(b"\x82" + struct.pack("!BQ", 0x80 | 127, 1 << 30)) == (
        1009,
        "messages to this server have at most 64 KiB",
    )


def test_messages_are_bounded_however_they_are_cut() -> None:
    half = b"x" * (frames.MAX_MESSAGE // 2)
    assert len(read(masked(2, half, fin=False) + masked(0, half))[0].payload) == frames.MAX_MESSAGE
    assert violated(masked(2, half, fin=False) + masked(0, half + b"x"))[0] == 1009


def test_endless_fragments_end() -> None:
    empty = masked(0, fin=False)
    assert violated(masked(1, fin=False) + empty * frames.MAX_FRAGMENTS)[0] == 1009
    whole = masked(1, fin=False) + empty * (frames.MAX_FRAGMENTS - 2) + masked(0)
    assert read(whole) == [(frames.TEXT, b"")]


@pytest.mark.parametrize(
    "data", [masked(1, b"\xff"), masked(8, b"\x03\xe8\xff"), masked(1, b"\xc3", fin=False) + masked(0)]
)
def test_text_is_utf_8(data: bytes) -> None:
    assert violated(data) == (1007, "a text is not UTF-8")


def test_compressed_messages() -> None:
    text = b'{"subscribe": {}}' * 20
    small = deflated(text)
    assert read(masked(1, small, rsv=4), deflate=True) == [(frames.TEXT, text)]
    pieces = masked(1, small[:5], rsv=4, fin=False) + masked(9) + masked(0, small[5:]) + masked(1, b"plain")
    assert read(pieces, deflate=True) == [(frames.PING, b""), (frames.TEXT, text), (frames.TEXT, b"plain")]
    assert violated(masked(1, small[:5], fin=False) + masked(0, small[5:], rsv=4), deflate=True)[0] == 1002


def test_a_bomb_is_not_inflated() -> None:
    bomb = deflated(b"\0" * 50_000_000)
    assert len(bomb) < frames.MAX_MESSAGE
    assert violated(masked(1, bomb, rsv=4), deflate=True)[0] == 1009
    assert violated(masked(1, b"\xff\xff\xff", rsv=4), deflate=True)[0] == 1007


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=6), st.binary(min_size=4, max_size=4), st.integers(1, 40))
def test_any_cut_gives_the_same(parts: list[bytes], mask: bytes, step: int) -> None:
    data = b"".join(
        masked(2 if not at else 0, part, fin=at == len(parts) - 1, mask=mask) for at, part in enumerate(parts)
    )
    reader = Reader()
    got = [message for at in range(0, len(data), step) for message in reader.feed(data[at : at + step])]
    assert got == [(frames.BINARY, b"".join(parts))]


@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_violation_or_nothing(data: bytes) -> None:
    codes = {0}
    try:
        read(data, deflate=True)
    except Violation as violation:
        codes.add(violation.code)
    assert codes <= {0, 1002, 1007, 1009}


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
def test_our_frames(length: int) -> None:
    frame = frames.frame(1, b"x" * length)
    masks = bytearray(frame)
    size = len(frame) - length
    masks[1] |= 0x80
    assert read(bytes(masks[:size]) + b"\0\0\0\0" + bytes(masks[size:]))[0].payload == b"x" * length


def test_a_reason_has_whole_characters() -> None:
    assert frames.closing(1001) == b"\x88\x02\x03\xe9"
    long = frames.closing(1008, "ü" * 100)
    assert len(long) <= 127
    assert long[4:].decode() == "ü" * 61
