"""What the kernel takes for the writes alone: blocks of lite messages to many counting clients, and nothing else."""

from __future__ import annotations

import itertools
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from feeds import Entries
from stream_runs import counting

from certhia._core import Form, Issuers, Page, Source

TICK = 0.2  # seconds between two blocks, as a server has them that asks its logs that often
HELLO = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


def writes(program: Path, source: Entries, clients: int, rate: int, seconds: float) -> float:
    """CPU of each message's share of one write a client and tick, us, user and system, of the writing process."""
    blocks = itertools.cycle(_blocks(source, int(rate * TICK)))
    with socket.create_server(("127.0.0.1", 0), backlog=clients) as server, ThreadPoolExecutor(1) as thread:
        accepted = thread.submit(_accept, server, clients)
        with counting(program, server.getsockname()[1], "/", clients) as there:
            sockets = accepted.result()
            spent, next_one = 0.0, time.monotonic()
            for block in itertools.islice(blocks, int(seconds / TICK)):
                begun = time.process_time()
                for each in sockets:
                    each.sendall(block)
                spent += time.process_time() - begun
                next_one += TICK
                time.sleep(max(0.0, next_one - time.monotonic()))
            messages = there.ask().messages
            for each in sockets:
                each.close()
    return 1e6 * spent / messages


def _accept(server: socket.socket, clients: int) -> list[socket.socket]:
    """So many, each greeted as a WebSocket."""
    accepted = []
    for _ in range(clients):
        each, _address = server.accept()
        each.recv(1024)
        each.sendall(HELLO)
        accepted.append(each)
    return accepted


def _blocks(source: Entries, entries: int) -> list[bytes]:
    """Lite messages, framed, of so many entries each."""
    read = [json.loads(line) for line in source.path.read_bytes().splitlines()]
    served = [{name: entry[name] for name in ("leaf_input", "extra_data")} for entry in read]
    issuers, form = Issuers(), Form("lite")
    log = Source(bytes(32), "A log", "https://log.example/", "rfc6962")
    blocks = []
    for first in range(0, len(served) - entries + 1, entries):
        body = json.dumps({"entries": served[first : first + entries]}, separators=(",", ":")).encode()
        page = Page.from_get_entries([body], first, issuers)
        blocks.append(page.messages(form, log, issuers, seen=time.time(), verified=0).frames("websocket"))
    return blocks
