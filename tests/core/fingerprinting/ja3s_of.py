"""Prints the JA3S text of what a server sent, which is read from standard input. For an interpreter that
has dpkt.

Salesforce publish a script, not a package, and what registries have under its name knows JA3 alone. So the ServerHello
is read by the parser that this script reads with, and put together as the method says: version, cipher and extensions
in their order, in decimal.
"""

import sys

from dpkt import ssl  # type: ignore[import-not-found]

records, _ = ssl.tls_multi_factory(sys.stdin.buffer.read())
(first, *_) = [record for record in records if record.type == 22]
hello = ssl.TLSHandshake(first.data).data
assert isinstance(hello, ssl.TLSServerHello), hello
extensions = [kind for kind, _ in getattr(hello, "extensions", ())]
sys.stdout.write(f"{hello.version},{hello.ciphersuite.code},{'-'.join(map(str, extensions))}")
