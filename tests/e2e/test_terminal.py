"""On a terminal: a live picture with one line a log, matches above it, nothing of it left at the end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios

import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.program import Program
from tests.e2e.worlds import Served

pytestmark = pytest.mark.e2e

CONTROL = re.compile(r"\x1b\[([\d;]*)([A-Za-z])")


class Screen:
    """A terminal of so many columns, as far as the program uses one: keeps what a person would see."""

    def __init__(self) -> None:
        self.rows: list[str] = [""]
        self.row = self.column = 0

    def show(self, text: str) -> Screen:
        """Takes what was written to the terminal."""
        at = 0
        while at < len(text):
            control = CONTROL.match(text, at)
            if control:
                self._control(control[1], control[2])
                at = control.end()
            else:
                self._character(text[at])
                at += 1
        return self

    def _control(self, number: str, letter: str) -> None:
        assert letter in "FJm", f"this terminal knows no {letter}"
        if letter == "F":
            self.row, self.column = max(self.row - int(number or 1), 0), 0
        elif letter == "J":
            self.rows = [*self.rows[: self.row], self.rows[self.row][: self.column]]

    def _character(self, character: str) -> None:
        if character == "\n":
            self.row += 1
            self.column = 0
            if self.row == len(self.rows):
                self.rows.append("")
        elif character == "\r":
            self.column = 0
        elif character >= " ":
            line = self.rows[self.row].ljust(self.column)
            self.rows[self.row] = line[: self.column] + character + line[self.column + 1 :]
            self.column += 1


def on_terminal(certhia: Certhia, world: Served, *arguments: str, columns: int = 120) -> Program:
    """Starts `certhia watch` with standard output and error on one pseudo-terminal; what comes there is its `out`."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    program = certhia.watch(world, *arguments, out=theirs, err=theirs)
    os.close(theirs)
    program.listen("out", ours)
    return program


def hosts(program: Program) -> int:
    """How many matches are on the screen."""
    return sum("host" in row for row in Screen().show(program.out).rows)


def test_one_line_a_log_and_nothing_left_of_it(certhia: Certhia, pair: Served) -> None:
    program = on_terminal(certhia, pair, "example.com")
    program.until(lambda: re.search(r"40 entries, 40 verified, 0 quarantined, 20 matches", program.out))
    program.until(lambda: hosts(program) == 20)  # they are counted before they are told
    program.until(lambda: any(row.startswith("log ") for row in Screen().show(program.out).rows))
    seen = Screen().show(program.out).rows
    (begin,) = (place for place, row in enumerate(seen) if row.startswith("log "))
    picture = seen[begin:]
    assert [row.split()[0] for row in picture[:3]] == ["log", "alpha", "beta"]
    assert [row.split()[-1] for row in picture[1:3]] == ["healthy", "healthy"]
    assert max(map(len, picture)) < 120
    pair.grow(4)
    program.until(lambda: "24 matches" in program.out)
    program.stop()
    left = Screen().show(program.out).rows
    assert not [row for row in left if row.startswith(("alpha", "beta", "log  ")) and "healthy" in row]
    assert sum("host" in row for row in left) == 24
    assert "entries seen in 2 logs" in "\n".join(left[-3:])


@pytest.mark.parametrize("columns", [40, 80])
def test_a_narrow_terminal_is_not_overrun(certhia: Certhia, small: Served, columns: int) -> None:
    program = on_terminal(certhia, small, "-f", "silent", "example.com", columns=columns)
    program.until(lambda: "120 entries" in program.out)
    program.stop()
    drawn = [CONTROL.sub("", row).strip("\r") for row in program.out.split("\n")]
    rows = [row for row in drawn if row.endswith(("healthy", "health", "starting"))]
    assert len(rows) >= 4
    assert max(map(len, rows)) < columns


def test_no_picture_when_quiet_or_piped(certhia: Certhia, pair: Served) -> None:
    quiet = on_terminal(certhia, pair, "example.com", "--quiet")
    quiet.until(lambda: quiet.out.count("host") == 20)
    quiet.stop()
    assert "position" not in quiet.out
    assert "\x1b[J" not in quiet.out
