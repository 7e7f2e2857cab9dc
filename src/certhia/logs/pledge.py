"""Whether evidence shows that a log broke its word: an SCT that it signed, and a later head without that entry.

Proof is what the log signed on both sides. The SCT of a static log says where the entry stands: a head in which another
one stands there, or a head from after the log's time that does not reach that far, contradicts it. Where no place was
signed, only the log's own answer says that the entry is not there; answers are not signed, so that is observation.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from certhia._core import Issuers, Page, leaf_hash, verify_inclusion
from certhia.clock import iso
from certhia.errors import Malformed, RemoteError
from certhia.logs.client import Fetched
from certhia.logs.evidence import Evidence, Pledge, Served, Subtree
from certhia.logs.heads import check_signature
from certhia.logs.sct import leaf_index
from certhia.logs.status import longest_silence
from certhia.model import Head, Log

Check = Callable[[str, bool], bool]  # takes down what was recomputed, and whether it holds; gives the latter


def judge_pledge(evidence: Evidence, pledge: Pledge, heads: Sequence[Head | None], check: Check) -> tuple[str, str]:
    """What is proven, and what was but observed, in words; "" where nothing is. `heads`: those of the evidence whose
    signature holds, in their places."""
    head = heads[-1] if heads else None
    read = _read(pledge.leaf)
    if not check("the leaf that was promised is a MerkleTreeLeaf (RFC 6962 section 3.4)", read is not None):
        return "", ""
    assert read is not None
    timestamp, extensions = read
    signed = check(f"its SCT of {_time(timestamp)} is signed by the log", _is_signed(evidence.log, pledge))
    if not signed or head is None:
        return "", ""
    leaf, index = leaf_hash(pledge.leaf), leaf_index(extensions)
    if index is not None and pledge.other is not None:
        return _displaced(evidence, pledge.other, leaf, index, heads, check), ""
    due = timestamp + 1000 * pledge.mmd
    if head.timestamp < due:
        return "", _silent(evidence, pledge, head, due, check)
    what = (
        f"the head of {head.size} entries is of {_time(head.timestamp)}: not before {_time(due)}, when the log's time "
        f"(its MMD by the log list: {pledge.mmd} s) was over"
    )
    check(what, True)
    if index is not None and index >= head.size:
        return (
            f"the log signed that the entry is number {index} of its tree, and when its time was over (by an MMD of "
            f"{pledge.mmd} s, which its list says and nobody signs) a head of {head.size} entries, without it"
        ), ""
    return "", _absent(evidence.log, pledge.absent, leaf, head, check)


def leads(subtree: Subtree, head: Head) -> bool:
    """Whether the path leads from the subtree's root to the head (RFC 9162 section 2.1.3.2)."""
    if (subtree.index + 1) << subtree.level > head.size:
        return False
    count = ((head.size - 1) >> subtree.level) + 1  # subtrees of that level, the last one perhaps cut off
    return verify_inclusion(subtree.root, subtree.index, count, subtree.path, head.root)


def served_page(answer: Fetched) -> Page:
    """The entries of an answer. Raises Malformed."""
    if answer.tile:
        page = Page.from_tile(answer.body, answer.start)
    else:
        page = Page.from_get_entries([answer.body], answer.start, Issuers(1))
    return page.slice(page.first, min(page.end, answer.end)) if page.end > answer.end else page


def _displaced(
    evidence: Evidence, other: Subtree, leaf: bytes, index: int, heads: Sequence[Head | None], check: Check
) -> str:
    head = heads[other.head]
    holds = head is not None and (other.level, other.index) == (0, index) and leads(other, head)
    size = head.size if head is not None else 0
    what = f"entry {index} of the head of {size} has the leaf hash {other.root.hex()}, not the promised {leaf.hex()}"
    holds = check(what, holds and other.root != leaf)
    for answer in evidence.answers:
        _shows(answer, other, check)
    if not holds:
        return ""
    return f"the log signed that entry {index} is the promised one, and a head of {size} entries in which it is another"


def _shows(answer: Fetched, other: Subtree, check: Check) -> None:
    what = f"entry {other.index} as served has that leaf hash"
    try:
        page = served_page(answer)
    except Malformed as error:
        check(f"{what}: {error}", False)
        return
    inside = page.first <= other.index < page.end
    check(what, inside and page.slice(other.index, other.index + 1).leaf_hashes == other.root)


def _absent(log: Log, absent: Served | None, leaf: bytes, head: Head, check: Check) -> str:
    if absent is None:
        return ""
    what = f"{absent.url} asks for the proof of the promised leaf in the tree of {head.size} entries"
    if not check(what, _asks(absent.url, log, leaf, head.size)):
        return ""
    if not check(f"the answer is {absent.status}: no such leaf", 400 <= absent.status < 500 and absent.status != 429):
        return ""
    return (
        f"the log says that the entry is not among the {head.size} of its head, as far as we saw: its answer is not "
        "signed, so only we can say so; ask it the same while it lasts"
    )


def _silent(evidence: Evidence, pledge: Pledge, head: Head, due: int, check: Check) -> str:
    """No head from after its time, though the log has to sign one in each MMD: only who asked can say when that was."""
    limit = due / 1000 + longest_silence(replace(evidence.log, mmd=pledge.mmd))
    what = (
        f"the head of {head.size} entries is of {_time(head.timestamp)}, before {_time(due)}, when the log's time (its "
        f"MMD by the log list: {pledge.mmd} s) was over; as the file says, it was still the newest one at "
        f"{_time(round(evidence.at * 1000))}, when the log must have signed another"
    )
    if not check(what, evidence.at >= limit):
        return ""
    return (
        "the log showed no head from after its time, as far as we saw: it broke its promise, or is dead; only we can "
        "say when we asked, so ask it yourself"
    )


def _asks(url: str, log: Log, leaf: bytes, size: int) -> bool:
    try:
        parts = urlsplit(url)
        query = parse_qs(parts.query, max_num_fields=4)
        wanted = b64decode(query.get("hash", [""])[0], validate=True)
    except ValueError:
        return False
    path = f"{parts.scheme}://{parts.netloc}{parts.path}"
    known = (f"{place}ct/v1/get-proof-by-hash" for place in (log.submission_url, log.monitoring_url))
    return path in known and wanted == leaf and query.get("tree_size") == [str(size)]


def _is_signed(log: Log, pledge: Pledge) -> bool:
    try:
        check_signature(log, "SCT", pledge.leaf, pledge.signature)
    except RemoteError:
        return False
    return True


def _read(leaf: bytes) -> tuple[int, bytes] | None:
    """Timestamp (milliseconds) and extensions of a MerkleTreeLeaf of version 1; None for what is none.

    An SCT signs the same bytes: both begin with two zero bytes, version and type (RFC 6962 sections 3.2 and 3.4)."""
    if leaf[:2] != b"\0\0" or leaf[10:12] not in (b"\0\0", b"\0\1"):
        return None
    at = 12 + 32 * leaf[11]  # a precertificate's issuer key hash
    at += 3 + int.from_bytes(leaf[at : at + 3])
    extensions = leaf[at + 2 :]
    if len(leaf) < at + 2 or int.from_bytes(leaf[at : at + 2]) != len(extensions):
        return None
    return int.from_bytes(leaf[2:10]), extensions


def _time(milliseconds: int) -> str:
    try:
        return iso(milliseconds / 1000)
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms"
