"""The conversations that are going on: each gets what came, and what it says next is done."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from certhia.render import terminal
from certhia.scanner import polling
from certhia.scanner.conversation import Again, Connect, Conversation, Extend, Send, Step, Tell, Wait
from certhia.scanner.failures import Expired, ScanFailure
from certhia.scanner.slots import CONNECTING, OVER, RECEIVING, RESTING, SENDING, Slot
from certhia.scanner.timers import EXPIRE, LATE, OPEN, WAKE, Timers
from certhia.scanner.wires import Wires

_GULP: Final = 64  # steps that one conversation takes in one turn


class Outcome(NamedTuple):
    """How a conversation ended.

    Attributes:
        key: as the source gave it.
        value: what it returned; None where it failed.
        failure: why it failed; None where it did not.
        at: Unix seconds.
        seconds: how long the last attempt took.
        attempts: how often it was tried.
    """

    key: Any
    value: Any
    failure: ScanFailure | None
    at: float
    seconds: float
    attempts: int


class Talks:
    """All that are going on.

    Args:
        wires: their sockets.
        timers: their moments.
        timeout: seconds for each attempt.

    Attributes:
        now: the engine's clock, seconds; as of this turn.
        unix: the same, as Unix seconds.
        running: slots in the order of their deadlines.
        outcomes: what has ended, and was not handed over yet.
        done: how many ended.
    """

    def __init__(self, wires: Wires, timers: Timers, timeout: float) -> None:
        self._wires = wires
        self._timers = timers
        self._timeout = timeout
        self.now = self.unix = 0.0
        self.running: dict[Slot, None] = {}
        self._late: set[Slot] = set()  # those that wait for limits of ours, or did: their deadlines are timers
        # Those that had more to say than fits in one turn: (slot, its turn, what it gets).
        self._unfinished: list[tuple[Slot, int, bytes, ScanFailure | None]] = []
        self.outcomes: list[Outcome] = []
        self.done = 0

    def __len__(self) -> int:
        return len(self.running) + len(self._late)

    def begin(self, key: object, talk: Conversation[Any]) -> None:
        """A new one; its deadline runs from now."""
        slot = Slot(key, talk, self.now, self.now + self._timeout)
        self.running[slot] = None
        self._advance(slot, None)

    def next(self) -> float | None:
        """When something is to be done whatever the sockets say; None for never."""
        if self._unfinished or self._wires.ready:
            return self.now
        moment = self._timers.next()
        for slot in self.running:
            return slot.deadline if moment is None else min(moment, slot.deadline)
        return moment

    def seen(self, slot: Slot, mask: int) -> None:
        """Something happened at a slot's socket."""
        more = mask != polling.WRITE
        if more and mask & ~polling.WRITE:
            slot.readable = True
            if mask & polling.ENDED:
                slot.over = True
        state = slot.state
        try:
            if state == RECEIVING:
                data = self._wires.receive(slot) if slot.readable else None
            elif state == CONNECTING:
                if more:
                    self._wires.connected(slot)
                data = b""
            elif state == SENDING and mask & polling.WRITE:
                data = self._sent(slot)
            else:
                return
        except ScanFailure as failure:
            self._advance(slot, b"", failure)
            return
        if data is not None:
            self._advance(slot, data)

    def _sent(self, slot: Slot) -> bytes | None:
        """Sends what is left. Returns what the conversation is to get, None where it has to wait."""
        assert slot.pending is not None
        if not self._wires.send(slot, slot.pending):
            return None
        return b"" if slot.telling else self._wires.receive(slot)

    def _advance(self, slot: Slot, data: bytes | None, failure: ScanFailure | None = None) -> None:
        """The conversation gets what came, and what it says next is done; until it has to wait or is over."""
        talk: Any = slot.talk
        for _ in range(_GULP):
            slot.turn += 1
            try:
                step = talk.send(data) if failure is None else talk.throw(failure)
            except StopIteration as end:
                self._finish(slot, end.value, None)
                return
            except ScanFailure as last:
                self._finish(slot, None, last)
                return
            except Exception as error:  # noqa: BLE001  (one conversation's bug is not the scan's end)
                self._finish(slot, None, _defect(slot, error))
                return
            failure = None
            try:
                data = self._do(slot, step)
            except ScanFailure as thrown:
                failure = thrown
                continue
            if data is None:
                return
        slot.state = RESTING
        self._unfinished.append((slot, slot.turn, data or b"", failure))

    def _do(self, slot: Slot, step: Step) -> bytes | None:
        """Does a step. Returns what comes of it at once; None where it takes time."""
        if isinstance(step, Send):
            data, name, within = step
            if name:
                slot.step = name
            slot.telling = False
            if within is not None:
                self._timers.set(self.now + within, slot, LATE)
            if data and not self._wires.send(slot, data):
                return None
            if not slot.readable:
                slot.state = RECEIVING
                return None
            return self._wires.receive(slot)
        if isinstance(step, Connect):
            if slot.socket is not None or slot.places:
                self._wires.close(slot)
            already = self._wires.open(slot, step, self.now)
            if slot.waiting:  # its deadline stands still while it waits for limits of ours
                self.running.pop(slot, None)
                self._late.add(slot)
            return b"" if already else None
        return self._do_seldom(slot, step)

    def _do_seldom(self, slot: Slot, step: Step) -> bytes | None:
        if isinstance(step, Tell):
            slot.step = step.step or slot.step
            slot.telling = True
            return b"" if self._wires.send(slot, step.data) else None
        if isinstance(step, Extend):
            self._set_deadline(slot, self.now + self._timeout)
            return b""
        if not isinstance(step, Wait | Again):
            raise ScanFailure("defect", slot.step, f"a conversation yields a {type(step).__name__}")
        slot.state = RESTING
        if isinstance(step, Again):
            self._wires.close(slot)
            slot.attempts += 1
            slot.step = ""
            slot.began = self.now + step.seconds
            self._set_deadline(slot, slot.began + self._timeout)
        self._timers.set(self.now + step.seconds, slot, WAKE)
        return None

    def _set_deadline(self, slot: Slot, at: float) -> None:
        self.running.pop(slot, None)
        self._late.add(slot)
        slot.deadline = at
        self._timers.set(at, slot, EXPIRE)

    def _reopen(self, slot: Slot, placed: bool) -> None:
        """Another try at the connection that the slot waits for."""
        if slot.next is None or not slot.waiting:
            return
        since = slot.waiting
        try:
            opening = self._wires.open_now if placed else self._wires.open
            already = opening(slot, slot.next, self.now)
        except ScanFailure as failure:
            slot.waiting = 0.0
            self._prolong(slot, since)
            self._advance(slot, b"", failure)
            return
        if slot.waiting:
            return
        self._prolong(slot, since)
        if already:
            self._advance(slot, b"")

    def _prolong(self, slot: Slot, since: float) -> None:
        slot.began += self.now - since
        slot.deadline += self.now - since
        self._timers.set(slot.deadline, slot, EXPIRE)

    def see_to_waiting(self) -> None:
        """Slots whose moment has come: who was not finished, whose place is free, whose timer or deadline is over."""
        if self._unfinished:
            unfinished, self._unfinished = self._unfinished, []
            for slot, turn, data, failure in unfinished:
                if slot.turn == turn:
                    self._advance(slot, data, failure)
        ready = self._wires.ready
        for _ in range(len(ready)):
            self._reopen(ready.popleft(), False)
        for slot, action in self._timers.due(self.now):
            self._act(slot, action)
        while self.running:
            slot = next(iter(self.running))
            if slot.deadline > self.now:
                break
            self._expire(slot)

    def _act(self, slot: Slot, action: int) -> None:
        if action == WAKE:
            self._advance(slot, b"")
        elif action == OPEN:
            self._reopen(slot, True)
        elif action == LATE:
            self._advance(slot, b"", ScanFailure("timeout", slot.step))
        elif not slot.waiting and slot.deadline <= self.now:
            self._expire(slot)

    def _expire(self, slot: Slot) -> None:
        """The deadline is over: the conversation may still return what it has, or begin anew."""
        late = Expired("timeout", slot.step or "connect")
        talk: Any = slot.talk
        slot.turn += 1
        self._wires.close(slot)
        try:
            step = talk.throw(late)
            if type(step) is Again:
                self._do_seldom(slot, step)
                return
            if type(step) is Extend:  # what was found is kept, and something else begins
                self._do_seldom(slot, step)
                self._advance(slot, b"")
                return
            talk.close()
        except StopIteration as end:
            self._finish(slot, end.value, None)
        except ScanFailure as failure:
            self._finish(slot, None, failure)
        except Exception as error:  # noqa: BLE001  (as above)
            self._finish(slot, None, _defect(slot, error))
        else:
            self._finish(slot, None, late)

    def _finish(self, slot: Slot, value: object, failure: ScanFailure | None) -> None:
        slot.state = OVER
        slot.turn += 1
        if slot.socket is not None or slot.places:
            self._wires.close(slot)
        if self.running.pop(slot, self) is self:
            self._late.discard(slot)
        if failure is not None:
            failure.step = failure.step or slot.step
            # The frames that it went through hold it in turn: only the collector would free them, and all they hold.
            failure.__traceback__ = failure.__context__ = failure.__cause__ = None
        self.done += 1
        self.outcomes.append(
            Outcome(slot.key, value, failure, self.unix, max(0.0, self.now - slot.began), slot.attempts)
        )

    def cut_all(self) -> None:
        """Ends all of them at once, as "stopped"."""
        for slot in [*self.running, *self._late]:
            failure = ScanFailure("stopped", slot.step)
            try:
                slot.talk.close()
            except Exception as error:  # noqa: BLE001  (as above)
                failure = _defect(slot, error)
            self._finish(slot, None, failure)
        self._unfinished.clear()

    def close(self) -> None:
        """Gives all descriptors back, whatever is going on."""
        for slot in [*self.running, *self._late]:
            self._wires.close(slot)


def _defect(slot: Slot, error: Exception) -> ScanFailure:
    return ScanFailure("defect", slot.step, terminal(f"{type(error).__name__}: {error}"[:200]))
