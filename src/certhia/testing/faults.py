"""The faults that Certhia is built to survive, by name: what the server does, what a user sees, what is promised.

    fault = find("L04")
    heal = fault.install(world, log)        # from now on, until heal(), where there is a way back

`docs/faults.md` is made from this table, and each fault has a test named after it in `tests/faults`.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from certhia.errors import ConfigError
from certhia.model import Protocol
from certhia.testing import false_heads, hostile, installs
from certhia.testing.installs import Heal, Install, entries, hook, lasting
from certhia.testing.logs import FakeLog
from certhia.testing.scripted import short
from certhia.testing.world import World

ALL = frozenset(Protocol)
GET = ALL - {Protocol.STATIC}
TILES = ALL - {Protocol.RFC6962}
PROMISES = {
    "I1": "Nothing lost: what was processed of a log is exactly [start, verified), whatever happened on the way.",
    "I2": "Nothing trusted unverified: the verified position never passes a head whose root we did not recompute.",
    "I3": "At least once to sinks, once to a careful receiver.",
    "I4": "Best effort to streams, and it says so.",
    "I5": "Bounded: each hostile input has a fixed ceiling in memory and time.",
    "I6": "Isolated: a fault in one log costs the others nothing.",
    "I7": "Polite: requests stay within the budget; an idle log costs one head a poll and no page.",
    "I8": "Heard: whatever stops us from seeing certificates reaches a human.",
    "I9": "Alive: no input ends the process, save a fault of local storage, which must.",
}


@dataclass(frozen=True, slots=True)
class NamedFault:
    """One way in which a log, a list or a certificate can be ill.

    Attributes:
        id: "L04".
        name: "flipped-leaf".
        does: what the server does.
        seen: what a user sees.
        proof: the figure that its test shows.
        keeps: the promises it is about, of PROMISES.
        how: does it to a log; None where no server can.
        kinds: the logs that can have it.
        heals: whether there is a way back.
        rules: by which it shows, where it takes some.
    """

    id: str
    name: str
    does: str
    seen: str
    proof: str
    keeps: tuple[str, ...]
    how: Install | None
    kinds: frozenset[Protocol] = ALL
    heals: bool = True
    rules: tuple[str, ...] = ()

    @property
    def test(self) -> str:
        """How its tests' names begin."""
        return f"test_{self.id.lower()}_"

    def install(self, world: World, log: FakeLog) -> Heal | None:
        """Does it to `log` from now on; gives what ends it. Raises ConfigError for a log that can't have it."""
        if self.how is None:
            raise ConfigError(f"{self.id} {self.name}: nothing that a server could do is known to cause it")
        if log.protocol not in self.kinds:
            kinds = " or ".join(sorted(self.kinds))
            raise ConfigError(f"{self.id} {self.name}: for a log that is {kinds}, and {log.name} is {log.protocol}")
        return self.how(world, log)


FAULTS = (
    NamedFault(
        "L01", "zero-page", "answers 200 without entries, for a range that it signed for",
        "the log keeps us waiting, told after ten minutes; all is read once it answers",
        "at most 30 requests for entries in 10 min, nothing taken over", ("I1", "I7"),
        hook(lambda _: hostile.zero_page()),
    ),
    NamedFault(
        "L02", "over-page", "gives more entries than were asked for",
        "the answer is dropped whole and asked for again; the log is degraded while it goes on",
        "no entry twice, none skipped, over 10,000 pages", ("I1",), hook(lambda _: hostile.over_page()),
    ),
    NamedFault(
        "L03", "short-page", "gives fewer entries than were asked for, a different number each time",
        "nothing: what came is taken, the rest asked for",
        "all entries; at most 1.1 requests for each that is necessary, after 20 pages", ("I1", "I7"),
        hook(lambda _: short(7, 30, 3)), GET,
    ),
    NamedFault(
        "L04", "flipped-leaf", "serves an entry with one bit that is not what it signed, as Yeti 2022 did",
        "reads again from the last verified entry; if it stays so, an alarm with evidence, and the verified position "
        "stands still. Matches go on, marked unverified",
        "found at the first head that covers it", ("I2", "I6", "I8"), lasting(installs.next_leaf), heals=False,
    ),
    NamedFault(
        "L05", "flipped-tile", "serves a hash tile that disagrees with its data tile",
        "reads again, with a warning; what the data alone proves is verified. A proof that needs that tile is asked "
        "for again, an alarm after a quarter of an hour",
        "nothing verified past what a head proves", ("I2", "I6"), lasting(installs.next_tile),
        frozenset({Protocol.STATIC}), heals=False,
    ),
    NamedFault(
        "L06", "bad-note", "shows a head that is malformed, of another log, or whose signature does not hold",
        "the head is rejected, counted and asked for again; the log fails while there is no good one",
        "none of 16 kinds accepted, all entries read after", ("I2", "I8"), hook(installs.bad_heads),
    ),
    NamedFault(
        "L07", "older-head", "shows a smaller or older head than before, as lagging front ends do",
        "nothing: it is checked to be a prefix, and the newest one counts",
        "no alarm and no step back over 10,000 heads in any order", ("I1", "I2"),
        hook(installs.older_heads),
    ),
    NamedFault(
        "L08", "split-view", "signs two heads that contradict each other",
        "an error at once and in every summary, and a file of evidence that anybody can check; the verified position "
        "stands still until a human accepts it, matches go on, marked unverified",
        "found whenever both are seen; the evidence holds offline", ("I2", "I6", "I8"),
        lasting(lambda _: false_heads.split_view()), heals=False,
    ),
    NamedFault(
        "L09", "time-travel", "dates its heads into the future, or into the past",
        "a warning, once; entries are read as ever, and freshness goes by our own clock",
        "no negative age; told when no new head was signed for the MMD", ("I8",),
        hook(lambda _: false_heads.time_travel(86400.0)),
    ),
    NamedFault(
        "L10", "frozen-log", "shows the same head for ever",
        "a warning once the head is older than the log may let it get: 25 h, of a static log 11 min",
        "told at that limit, one request a poll until then, no page", ("I7", "I8"), hook(false_heads.frozen),
    ),
    NamedFault(
        "L11", "giant-tree", "signs a head over more entries than any log has, and takes it back",
        "a warning; what is there is read, and proven by the heads that come after. That one is an alarm with evidence "
        "once the log's MMD is over and its entries have not come",
        "at most 16 MiB more memory, nothing read twice, all entries proven", ("I1", "I2", "I5", "I8"),
        hook(lambda _: false_heads.giant_tree(10**9, every=2)),
    ),
    NamedFault(
        "L12", "endless-body", "sends a body that never ends, drips, or breaks off",
        "an error of that request after its deadline, or at its size cap; asked again",
        "no more held than the cap", ("I5", "I9"), hook(installs.dripping),
    ),
    NamedFault(
        "L13", "gzip-bomb", "sends a tile that unpacks to a thousand times its size",
        "an error of that tile; after a quarter of an hour of it, as L18",
        "at most 65 MiB more memory: the cap, and 1 MiB for all else", ("I5", "I9"),
        hook(lambda _: hostile.bomb(1 << 28)), TILES,
    ),
    NamedFault(
        "L14", "lying-headers", "sends a web page with status 200, or a 404 that claims to be gzip",
        "an error that quotes at most 200 characters of it, escaped; asked again",
        "no exception but ours, message shorter than 600 characters", ("I5", "I9"),
        hook(lambda _: hostile.page_of_html(endpoints=hostile.ENTRIES)),
    ),
    NamedFault(
        "L15", "throttled", "answers 429, with any Retry-After or none",
        "the log is read as fast as it lets itself be; \"asks for fewer requests\" where that is too slow",
        "at least 90 % of the allowed rate, at most 2 % refusals", ("I7",), hook(installs.throttled),
    ),
    NamedFault(
        "L16", "redirected", "sends us elsewhere: to a file, to an inner address, to another host",
        "an error that names the target; not followed", "0 requests elsewhere", ("I9",),
        hook(lambda _: hostile.redirected()),
    ),
    NamedFault(
        "L17", "gone-partial", "has no partial tile any more, although the full one is not there yet",
        "nothing: the full tile is taken; a log that stands still is asked for no tile",
        "0 tiles an hour of an idle log", ("I1", "I7"), hook(hostile.gone_partials), frozenset({Protocol.STATIC}),
    ),
    NamedFault(
        "L18", "huge-leaf", "takes in certificates of 16 MiB, so many that their tile is larger than 64 MiB",
        "an alarm after a quarter of an hour; entries of that tile that can't be read are quarantined by their hash, "
        "and the log goes on",
        "all entries proven; never more unpacked than 64 MiB", ("I1", "I2", "I5", "I8"), installs.huge_entries,
        heals=False,
    ),
    NamedFault(
        "L19", "new-type", "takes in an entry of a type that nobody knows",
        "that entry is quarantined. Of a tile, in which nobody knows where the next one begins, so are those behind "
        "it, with an alarm",
        "the root is the log's; 1 alarm; no storm of requests", ("I1", "I2", "I7", "I8"), installs.unknown_type,
        heals=False,
    ),
    NamedFault(
        "L20", "false-extra", "serves another precertificate and chain beside a leaf, which no hash covers",
        "the match, made from the leaf alone; it says that chain and fingerprint are not proven",
        "told all the same; 0 trust in the chain", ("I2",), installs.false_chain,
    ),
    NamedFault(
        "L21", "poisoned-list", "the log list is empty, lacks most logs, or its signature does not hold",
        "a warning, and an alarm until there is a good one; the last good list stays in use, over restarts too, until "
        "`--accept-drop`. Shards whose interval has ended may go without a word",
        "0 logs lost", ("I1", "I8"), installs.empty_list,
    ),
    NamedFault(
        "L22", "changed-log", "the list gives other parameters or another state for a log",
        "that log goes on with them from where it was", "position kept, within one reload; others not touched",
        ("I1", "I6"), installs.changed_log,
    ),
    NamedFault(
        "L23", "rollover", "a shard takes no more entries, and its successor begins",
        "the old one is read to its final head and finishes; the new one is followed from its beginning",
        "no entry of either missing", ("I1",), installs.rollover, heals=False,
    ),
    NamedFault(
        "D01", "hostile-DER", "takes in bytes that are no certificate, or one that breaks off",
        "the entry is quarantined; names that can still be found in it are matched",
        "no entry lost over the whole corpus of hostile input", ("I1", "I9"), entries(installs.unreadable), heals=False,
    ),
    NamedFault(
        "D02", "many-names", "takes in a certificate of ten thousand names",
        "one match; people are shown the names that matched, and how many more there are",
        "all names matched, in time in proportion to their number", ("I5",), entries(installs.many_names), heals=False,
    ),
    NamedFault(
        "D03", "evasion", "takes in a watched name in an unusual spelling: NUL, capitals, wildcard, the CN alone",
        "a match for each", "each spelling matches", ("I1",), entries(installs.evasive), heals=False,
    ),
    NamedFault(
        "D04", "look-alike", "takes in names that look like others, or would turn a line of text around",
        "A-label beside U-label, what steers a terminal as escapes; matched by typo: rules",
        "0 raw characters that steer", ("I9",), entries(installs.lookalikes), heals=False,
        rules=("typo:paypal.com", "typo:microsoft.com", "kw:elpmaxe"),
    ),
    NamedFault(
        "D05", "panic", "a defect of ours makes the core panic within a page",
        "the entry is quarantined and the reason says that it is a defect; the others of its page are read",
        "1 entry lost to decoding, 0 to accounting", ("I1", "I9"), None, heals=False,
    ),
    NamedFault(
        "C01", "slow-reader", "reads a message a second, a tenth of all clients at once",
        "it loses whole messages, and a gap message says which; further behind than `serve.lag_limit` it is closed "
        "with 1013. The others get every message",
        "200 clients: the same bytes for all healthy ones, gaps told to the message, RSS at most 256 KiB a client. How "
        "late they are is not asserted here: `make bench ARGS=stream` measures p99 for 1,000 clients that all keep up",
        ("I4", "I5", "I6"), None, heals=False,
    ),
    NamedFault(
        "C02", "big-frames", "sends a frame of 1 GiB, fragments without end, or a message that inflates to a thousand "
        "times its size",
        "it is closed with 1009 once the header, or 64 KiB, or 1,024 fragments are there",
        "RSS at most 64 KiB a connection, 100 at once", ("I5", "I6"), None, heals=False,
    ),
    NamedFault(
        "C03", "flood", "sends pings without end, connects without end, or is gone without a word",
        "closed with 1008; refused beyond `serve.connect_rate` and `serve.max_per_address`; cut off when it answers no "
        "ping",
        "others are served meanwhile, how fast is not asserted; places of silent ones are free within 40 s",
        ("I5", "I6"), None, heals=False,
    ),
    NamedFault(
        "C04", "slowloris", "sends a request a byte every 10 s",
        "it is cut off 10 s after it came, whatever it has sent by then",
        "places are free within 15 s; never more than `serve.max_clients` are held", ("I5", "I6"), None, heals=False,
    ),
    NamedFault(
        "T01", "tarpit", "accepts a scan's connection and says nothing, or a byte every 10 s, or records without end",
        "`timeout` and the step at which it was, or `too-large` or `malformed`; the others are asked meanwhile",
        "its place is free within `scan.timeout` (10 s); 500 good servers among 5,000 that say nothing are all done "
        "before the first of those is given up", ("I5", "I6"), None, heals=False,
    ),
    NamedFault(
        "T02", "chain-bomb", "shows a chain of 10 MB, of a thousand certificates, or one that runs in circles",
        "`too-large`; at most 16 certificates and 100 kB are read, and nothing is followed round a circle",
        "RSS at most 1 MiB a connection, 64 at once", ("I5",), None, heals=False,
    ),
    NamedFault(
        "T03", "inward-scan", "has a name lead to a private address, or 10,000 names to one address",
        "`policy`, with the address and what it is; of names that a scan found itself, one a minute for each address",
        "0 packets inwards unless `--allow-private`; at most 1 connection a minute to an address", ("I7", "I9"), None,
        heals=False,
    ),
    NamedFault(
        "W01", "bad-receiver", "answers a webhook with 500, 429, 410, a redirect, a gigabyte, or not at all",
        "tried again by the schedule of Standard Webhooks; 410 ends it; an alarm, to other sinks too; a dead letter "
        "after 75 hours",
        "10,000 alerts to a receiver that fails one time in three: none lost, every repeat with the same id",
        ("I3", "I5", "I8"), None, heals=False,
    ),
    NamedFault(
        "W02", "ssrf", "has a webhook that is not the operator's own lead inwards, by address, name or redirect",
        "refused: a name is resolved once, every address checked, no redirect followed",
        "0 connections over a list of addresses and spellings", ("I9",), None, heals=False,
    ),
    NamedFault(
        "W03", "storm", "has rules match far more than a receiver takes",
        "its queue is full at its bound; the rest is counted, and told as one digest in its place",
        "other sinks get everything meanwhile", ("I3", "I5", "I6"), None, heals=False,
    ),
    NamedFault(
        "W04", "stuck-hook", "is a program that forks, keeps its standard error open, and never ends",
        "ended at its deadline, with its whole process group; its match is held back", "no process of it is left",
        ("I5", "I6"), None, heals=False,
    ),
    NamedFault(
        "W05", "injection", "puts escape sequences, formulas, line ends, tags, mentions or commands into a certificate",
        "they are shown as they stand, and do nothing", "each output has a fixed alphabet, by property test",
        ("I5",), None, heals=False,
    ),
    NamedFault(
        "P01", "bad-module", "raises, blocks, changes what it is handed, ends its process, leaks, or fails at import",
        "the third time it is switched off, an alarm says so; a run does not begin with one that can't be imported",
        "every entry read and proven, every match told, the module beside it sees every entry",
        ("I5", "I6", "I8", "I9"), None, heals=False,
    ),
)  # fmt: skip


def find(text: str) -> NamedFault:
    """A fault by its id or its name, whatever the case. Raises ConfigError with the nearest that there is."""
    known = {key: fault for fault in FAULTS for key in (fault.id.lower(), fault.name.lower())}
    found = known.get(text.lower())
    if found is not None:
        return found
    padded = text.lower()[:1] + text[1:].zfill(2)
    near = [padded] if padded in known else difflib.get_close_matches(text.lower(), known, n=1, cutoff=0.5)
    meant = f"did you mean {known[near[0]].id} ({known[near[0]].name})? " if near else ""
    raise ConfigError(f"there is no fault called {text!a}: {meant}`certhia demo --fault list` shows all")


def listing() -> str:
    """All faults, a line each."""
    shown = [fault for fault in FAULTS if fault.how is not None]
    width = max(len(fault.name) for fault in shown)
    return "\n".join(f"{fault.id}  {fault.name:<{width}}  {fault.does}" for fault in shown)
