"""The certstream-compatible firehose: what all followed logs show, to many clients, and what each of them missed.

    pipeline ──▶ hub: pages in order ──▶ blocks (core, off the loop, once for all who want the same) ──▶ clients
                                                                                                 └─▶ WebSocket, SSE

Nothing here is durable, and nothing waits for a client: who is too slow loses whole messages and is told so.
"""
