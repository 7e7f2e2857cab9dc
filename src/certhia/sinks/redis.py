"""The sink `redis`: Pub/Sub and a list by ct-scout's names, and a stream that loses nothing that is unread.

All of a batch goes in one transaction, so that Redis has all of it or nothing, unless one of the keys is of another
type, which is looked at beforehand: of a transaction Redis runs what it can. It counts as told when Redis has answered,
and so many replicas as are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from certhia.config.sinks.redis import RedisSink
from certhia.errors import ConfigError, RemoteError
from certhia.metrics.published import Published
from certhia.model import Delivery
from certhia.render import short
from certhia.sinks.late import client
from certhia.sinks.message import Message, message, noted

if TYPE_CHECKING:
    from certhia.sinks.open import Outside

LOOKED_AT: Final = 5_000  # entries of a stream that are removed at once

Command = tuple[str | bytes | int, ...]


async def open_redis(name: str, settings: RedisSink, outside: Outside) -> Redis:
    """The sink. Raises ConfigError where the client is missing, or Redis, where it is required."""
    sink = Redis(name, settings, outside)
    if settings.require or outside.require_redis:
        try:
            await sink.check()
        except RemoteError as error:
            await sink.close()
            asked = "require = true" if settings.require else "--require-redis"
            raise ConfigError(
                f"[sinks.{name}] is required ({asked}), and can't be written to: {error}\n"
                f"{advice(str(error))}; or start without that: matches then wait until Redis is there"
            ) from error
    return sink


class Redis:
    """Sends to one Redis over one connection, which is made anew after every failure.

    Attributes:
        published: what ct-scout counts of it.
    """

    def __init__(self, name: str, settings: RedisSink, outside: Outside) -> None:
        """Raises ConfigError where the client is not installed."""
        self._name = name
        self._settings = settings
        self._clock = outside.clock
        self._library = client("redis.asyncio", "redis", name)
        self._connection: Any = None
        self.published = Published()

    @property
    def name(self) -> str:
        """As the settings call it."""
        return self._name

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once Redis, and its replicas, have them. Raises RemoteError, also for a stream that is full."""
        for start in range(0, len(deliveries), self._settings.batch):
            await self._send([message(one) for one in deliveries[start : start + self._settings.batch]])

    async def note(self, record: Mapping[str, object]) -> None:
        """See `certhia.model.Noting`."""
        await self._send([noted(record)])

    async def _send(self, messages: Sequence[Message]) -> None:
        began = self._clock.monotonic()
        try:
            async with self._clock.deadline(self._settings.timeout):
                await self._make_room(sum("." not in one.event for one in messages))
                await self._write(messages)
        except BaseException as error:
            self.published.failure.add(self._clock.monotonic() - began)
            await self._disconnect()
            raise self._told(error) from error
        self.published.success.add(self._clock.monotonic() - began)
        self.published.connected = True

    async def check(self) -> None:
        """Connects, makes the consumer groups, and finds out whether it could write. Raises RemoteError."""
        try:
            async with self._clock.deadline(self._settings.timeout):
                await self._ask("PING")
                await self._rehearse()
            self.published.connected = True
        except BaseException as error:
            await self._disconnect()
            raise self._told(error) from error

    async def close(self) -> None:
        """Lets go of the connection. Idempotent."""
        await self._disconnect()

    async def _write(self, messages: Sequence[Message]) -> None:
        """One transaction, written and read as RESP has it: the client's own pipeline takes twice the time."""
        commands = [("MULTI",), *self._commands(messages), ("EXEC",)]
        pool = (await self._connected()).connection_pool
        wire = await pool.get_connection()
        try:
            await wire.send_packed_command([b"".join(map(packed, commands))], check_health=False)
            for _ in commands[1:]:
                await wire.read_response()  # raises what Redis refuses; the connection is then let go
            for answer in await wire.read_response():
                if isinstance(answer, Exception):
                    raise answer
            await self._replicated(wire)
        finally:
            await pool.release(wire)

    async def _rehearse(self) -> None:
        """A transaction that is never run. What is queued in it Redis checks all the same: the user's rights, whether
        it is a replica, whether it has room."""
        commands = [("MULTI",), *self._commands([Message("rehearsal", "ct_match", b"{}")])]
        pool = (await self._connected()).connection_pool
        wire = await pool.get_connection()
        try:
            await wire.send_packed_command([b"".join(map(packed, commands))], check_health=False)
            for _ in commands:
                await wire.read_response()
        finally:
            await wire.disconnect()  # which drops it
            await pool.release(wire)

    async def _replicated(self, wire: Any) -> None:
        """WAIT is about what its own connection wrote."""
        wanted = self._settings.replicas
        if wanted:
            await wire.send_packed_command([packed(("WAIT", wanted, int(self._settings.timeout * 500)))])
            there = await wire.read_response()
            if there < wanted:
                raise RemoteError(f"only {there} of {wanted} replicas have it: see INFO replication")

    def _commands(self, messages: Sequence[Message]) -> list[Command]:
        settings = self._settings
        happened = [one for one in messages if "." in one.event]
        channel = settings.event_channel
        commands: list[Command] = [
            ("PUBLISH", channel.replace("{type}", one.event), one.text) for one in happened if channel
        ]
        messages = [one for one in messages if "." not in one.event]
        if not messages:
            return commands
        if settings.stream:
            commands += [("XADD", settings.stream, "*", "id", one.id, "event", one.text) for one in messages]
        if settings.queue:
            commands.append(("LPUSH", settings.queue, *(one.text for one in messages)))
            if settings.queue_length:
                commands.append(("LTRIM", settings.queue, 0, settings.queue_length - 1))
        if settings.channel:
            commands += [("PUBLISH", settings.channel, one.text) for one in messages]
        return commands

    async def _make_room(self, number: int) -> None:
        """Removes the oldest entries of the stream, as many as will be too many and no more, and only those that every
        group has acknowledged. Raises RemoteError where they are too few."""
        stream, most = self._settings.stream, self._settings.stream_length
        if not stream or not most:
            return
        excess = int(await self._ask("XLEN", stream)) + number - most
        while excess > 0:
            wanted = min(excess, LOOKED_AT)
            unread = await self._first_unread(stream)
            read = [] if unread is None else await self._ask("XRANGE", stream, "-", f"({unread}", "COUNT", wanted)
            if len(read) < wanted:
                why = "" if unread else "; it has no consumer group: name one in stream_groups"
                raise RemoteError(
                    f"the stream {short(stream, 80)} is full: of its {most} entries too few are acknowledged by every "
                    f"group{why}. What comes waits until they are read"
                )
            await self._ask("XTRIM", stream, "MINID", after(read[-1][0]))
            excess -= wanted

    async def _first_unread(self, stream: str) -> str | None:
        """The oldest entry that a group has not acknowledged; None where there is no group."""
        oldest: str | None = None
        connection = await self._connected()
        for group in await connection.xinfo_groups(stream):
            first = after(group["last-delivered-id"])
            if group["pending"]:
                held = (await connection.xpending(stream, group["name"]))["min"]  # none, where it was just read
                first = text(held) if held else first
            oldest = first if oldest is None else min(oldest, first, key=number_of)
        return oldest

    async def _ask(self, *command: str | bytes | int) -> Any:
        connection = await self._connected()
        return await connection.execute_command(*command)

    async def _connected(self) -> Any:
        if self._connection is None:
            self.published.attempts += 1
            self._connection = self._client()
            await self._if_allowed("CLIENT", "SETNAME", "certhia")
            await self._see_types()
            for group in self._settings.stream_groups:
                await self._make_group(group)
        return self._connection

    async def _if_allowed(self, *command: str) -> Any:
        """The answer; None where the user may not ask."""
        try:
            return await self._connection.execute_command(*command)
        except self._library.ResponseError:
            return None

    async def _see_types(self) -> None:
        """Raises RemoteError where a key is of another type: of a transaction Redis would run all else, each time that
        it is tried again."""
        for key, wanted in ((self._settings.queue, "list"), (self._settings.stream, "stream")):
            answer = await self._if_allowed("TYPE", key) if key else None
            found = text(answer) if answer else wanted
            if found not in ("none", wanted):
                raise RemoteError(f"{short(key, 80)} is a {short(found, 20)}, and no {wanted}: name another key")

    async def _make_group(self, group: str) -> None:
        try:
            await self._connection.execute_command("XGROUP", "CREATE", self._settings.stream, group, "0", "MKSTREAM")
        except self._library.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def _client(self) -> Any:
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415

        settings = self._settings
        given = {"username": settings.username, "password": settings.password and settings.password.get_secret_value()}
        return self._library.Redis.from_url(
            settings.url.get_secret_value(),
            **{name: value for name, value in given.items() if value is not None},
            **({"ssl_ca_certs": str(settings.ca_file)} if settings.ca_file else {}),
            socket_timeout=None,  # ours is around the whole; with theirs a cancellation may get lost (asyncio.wait_for)
            socket_connect_timeout=None,
            max_connections=1,
            protocol=2,
            retry=Retry(NoBackoff(), 0),  # the outbox tries again
        )

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self.published.connected = False
        if connection is None:
            return
        try:
            async with self._clock.deadline(1.0):
                await connection.aclose()
        except (OSError, TimeoutError, self._library.RedisError):
            return  # it is gone anyway

    def _told(self, error: BaseException) -> BaseException:
        """What a failure is to the outbox: without what was sent, and inert."""
        if isinstance(error, TimeoutError | self._library.TimeoutError):
            return RemoteError(f"Redis did not answer within {self._settings.timeout:g} s")
        if isinstance(error, OSError | self._library.RedisError):
            return RemoteError(short(str(error) or type(error).__name__, 300))
        return error


def packed(command: Command) -> bytes:
    """A command as RESP has it (redis.io/docs, "RESP protocol description")."""
    words = [word if isinstance(word, bytes) else str(word).encode() for word in command]
    return b"*%d\r\n%b" % (len(words), b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in words]))


def after(entry: bytes | str) -> str:
    """The smallest id of a stream's entry that is greater: `MILLISECONDS-NUMBER`."""
    milliseconds, number = number_of(entry)
    return f"{milliseconds}-{number + 1}"


def number_of(entry: bytes | str) -> tuple[int, int]:
    """An entry's id as two numbers, which compare."""
    milliseconds, _, number = text(entry).partition("-")
    return int(milliseconds), int(number or 0)


def text(value: bytes | str | float | None) -> str:
    """As the client gives values: bytes, or already decoded."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def advice(reason: str) -> str:
    """What mends it. The client leaves out the word that an error of Redis begins with."""
    login = "Check username and password: redis-cli --user NAME --askpass PING"
    wanted = "Redis wants a password: give it in password, or in a file: password_file"
    known = {
        "WRONGPASS": login,
        "invalid username": login,
        "NOAUTH": wanted,
        "Authentication required": wanted,
        "no permissions": "The user may not do that: ACL SETUSER NAME ~KEY &CHANNEL +ping +multi +exec +xadd +lpush "
        "+ltrim +publish",
        "CERTIFICATE_VERIFY_FAILED": "Its certificate is not trusted: give its authority in ca_file",
        "to persist to disk": "Redis can't write to its disk: see its log",
        "read only replica": "This is a replica: give the address of its primary in url",
        "maxmemory": "Redis is full: raise maxmemory, or lower queue_length and stream_length",
        "name another key": "Give another channel, queue or stream, or remove that key",
    }
    for mark, step in known.items():
        if mark in reason:
            return step
    return "Check that it runs, and that url leads to it: redis-cli -u URL PING"
