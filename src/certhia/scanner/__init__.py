"""Live TLS servers: what they show, and what they say about themselves.

General layout. A target is a *conversation* (`conversation`): a generator that says what to connect to and what to
send, and is given what came back. It knows no sockets. `engine` drives thousands of them on one thread; `probing` is
the conversation of one target, put together from `starttls`, the core's ClientHello and flight, and `openssl`. What
comes of it are `records`; what went wrong is a `failures.ScanFailure`.
"""
