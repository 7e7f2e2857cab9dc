"""The set of seen domains: layers on disk, of which the last takes what is new, and a larger one when that is full."""

from __future__ import annotations

import fcntl
import re
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from certhia._core import Novel, Page, Suffixes, novel_domains
from certhia.clock import Clock, iso
from certhia.errors import ConfigError
from certhia.model import Tell
from certhia.modules.builtin.domains.layer import BrokenLayer, Layer, Shape, blocks_for, make, rate_of

MAX_LAYERS: Final = 32
GROWTH: Final = 2  # each layer is made for so many times the domains of the one before
TIGHTENING: Final = 0.5  # and has so much of its error rate: all together keep below the one that is asked for
FULL: Final = 0.9  # of a layer: the page that comes next must still go in
_FILE: Final = re.compile(r"seen-(\d{3})\.set")


class Standing(NamedTuple):
    """How large the set is, and how good.

    Attributes:
        known: domains in it, as its bits say.
        error_rate: how likely a new domain is taken for a known one.
        nbytes: on disk.
        layers: files.
    """

    known: int
    error_rate: float
    nbytes: int
    layers: int


_IN_USE: Final[dict[Path, Seen]] = {}
_OPENING: Final = threading.Lock()


def opened(directory: Path, *, capacity: int, error_rate: float, max_size: int, clock: Clock, tell: Tell) -> Seen:
    """The set of a directory, for `close` to be called. In one process it is the same for whoever asks: when settings
    change a new module begins before the old one ends. Raises ConfigError as `Seen` does."""
    with _OPENING:
        place = directory.resolve()
        seen = _IN_USE.get(place)
        if seen is None:
            seen = Seen(place, capacity=capacity, error_rate=error_rate, max_size=max_size, clock=clock, tell=tell)
            _IN_USE[place] = seen
        else:
            seen.adopt(capacity, error_rate, max_size)
            seen.users += 1
        return seen


class Seen:
    """The set, in a directory of its own. For any thread.

    Attributes:
        begun: when it was begun, Unix seconds.
        users: how many will call `close`.
    """

    def __init__(
        self,
        directory: Path,
        *,
        capacity: int,
        error_rate: float,
        max_size: int,
        clock: Clock,
        tell: Tell,
        key: bytes | None = None,
    ) -> None:
        """Opens it, or begins one. What is damaged is moved aside and told of. Raises ConfigError where another process
        has it, and where there is no room. `key`: of a new one, in tests; else nobody can know it."""
        self.users = 1
        self._busy = threading.Lock()
        self._fills: dict[Path, tuple[float, float]] = {}  # of layers that nothing is added to any more
        self._directory = directory
        self._clock = clock
        self._tell = tell
        self._key = key or secrets.token_bytes(16)
        self.adopt(capacity, error_rate, max_size)
        self._lock = (directory / "lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise ConfigError(f"{directory}: another process fills this set of domains; end it first") from error
        self._layers: list[Layer] = []
        self._full = False
        try:
            self._open()
        except BaseException:
            self._let_go()
            raise
        self.begun = self._layers[0].shape.made

    def adopt(self, capacity: int, error_rate: float, max_size: int) -> None:
        """By these from the next layer on."""
        self._capacity, self._error_rate, self._max_size = capacity, error_rate, max_size
        self._full = False

    def add(self, page: Page, positions: bytes | None, limit: int, suffixes: Suffixes) -> Novel:
        """Adds the domains of a page, or of the entries at these positions; what is new of them."""
        with self._busy:
            blocks = [layer.blocks for layer in self._layers]
            key = self._layers[0].shape.key
            novel = novel_domains(page, blocks, key, limit=limit, positions=positions, suffixes=suffixes)
            self._count += novel.count
            if self._count >= FULL * self._layers[-1].shape.capacity and not self._full:
                self._grow()
            return novel

    def standing(self) -> Standing:
        """Of the layer in use by how many were in it when it was opened, and how many came since; of others by their
        bits, which stay as they are."""
        with self._busy:
            for layer in self._layers[:-1]:
                if layer.path not in self._fills:
                    self._fills[layer.path] = layer.fill()
            last = self._count, rate_of(self._count / self._layers[-1].shape.blocks)
            fills = [*(self._fills[layer.path] for layer in self._layers[:-1]), last]
        right = 1.0
        for _, rate in fills:
            right *= 1 - rate
        most = sum(layer.shape.blocks * 4096 for layer in self._layers)  # more than a full layer could tell
        count = int(min(sum(count for count, _ in fills), most))
        return Standing(count, 1 - right, sum(layer.shape.nbytes for layer in self._layers), len(fills))

    def close(self) -> None:
        """Writes all of it to the disk, and lets it go once nobody uses it."""
        with _OPENING:
            self.users -= 1
            if self.users:
                return
            _IN_USE.pop(self._directory, None)
            with self._busy:
                self._let_go()

    def _let_go(self) -> None:
        for layer in self._layers:
            layer.close()
        self._layers = []
        self._lock.close()

    def _open(self) -> None:
        for leftover in self._directory.glob("seen-*.new"):
            leftover.unlink()  # of a process that was ended while it made it
        for path in sorted(self._files()):
            self._use(path)
        if self._layers:
            last = self._layers[-1]
            self._count = int(min(last.fill()[0], last.shape.blocks * 4096))
        else:
            self._grow()

    def _files(self) -> Iterator[Path]:
        return (path for path in self._directory.iterdir() if _FILE.fullmatch(path.name))

    def _use(self, path: Path) -> None:
        """Opens a layer; moves it aside where that can't be done."""
        try:
            layer = Layer(path)
            if self._layers and layer.shape.key != self._layers[0].shape.key:
                layer.close()
                raise BrokenLayer("is of another set: it has another key")
        except (BrokenLayer, OSError) as error:
            aside = path.with_name(f"{path.name}.broken-{iso(self._clock.now())[:19].replace(':', '')}")
            path.rename(aside)
            why = error.strerror or error if isinstance(error, OSError) else error
            self._tell(
                f"{path}: {why}; it is kept as {aside.name}, and the domains that it held count as new again",
                level="error",
            )
            return
        self._layers.append(layer)

    def _grow(self) -> None:
        """Puts a layer behind the last one."""
        last = self._layers[-1].shape if self._layers else None
        numbers = [int(found[1]) for path in self._directory.iterdir() if (found := _FILE.match(path.name))]
        number = max(numbers, default=0) + 1
        capacity = self._capacity if last is None else max(last.capacity * GROWTH, self._capacity)
        rate = self._error_rate * TIGHTENING ** (len(self._layers) + 1)
        key = self._key if last is None else last.key
        shape = Shape(number, key, blocks_for(capacity, rate), capacity, rate, self._clock.now())
        taken = sum(layer.shape.nbytes for layer in self._layers)
        if last is not None and (len(self._layers) == MAX_LAYERS or taken + shape.nbytes > self._max_size):
            self._stay(f"a larger one would take {(taken + shape.nbytes) / 1e6:,.0f} MB; set max_size higher")
            return
        path = self._directory / f"seen-{number:03}.set"
        try:
            make(path, shape)
            self._layers.append(Layer(path))
        except (ConfigError, OSError) as error:
            if last is None:
                raise
            self._stay(str(error))
            return
        self._count = 0

    def _stay(self, why: str) -> None:
        self._full = True
        self._tell(
            f"the set of seen domains is full, and takes more new domains for known ones: {why}", level="warning"
        )
