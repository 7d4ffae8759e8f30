"""Telling people by mail what they have missed: some time after, if they have not read it meanwhile, and not too often.

https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3pushersset
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from homeserver.clock import Clock
from homeserver.database import Database, Transaction
from homeserver.rooms.records import ReadPlace
from homeserver.slices.push import queries
from homeserver.slices.push.deciding import Deciding
from homeserver.slices.push.digests import Digest, Digests, Line
from homeserver.slices.push.messages import Messages, Told
from homeserver.slices.push.records import Due, Pusher

logger = logging.getLogger(__name__)

SendMail = Callable[[str, Digest], Awaitable[None]]
"""(address, what the mail says); raises `OSError` or another exception where it was not taken."""

_AT_A_TIME = 50
_MOST_LINES = 30
_MOST_READS = 20
_RETRY_MS = 10 * 60_000
_FIRST_THROTTLE_MS = 10 * 60_000
_LONGEST_THROTTLE_MS = 24 * 3600 * 1000
#: So long without a mail, and the next one may follow soon again.
_QUIET_MS = 12 * 3600 * 1000
#: The first mail may be sent sooner than it would be by the timer of the server.
_SLACK_MS = 100


class Spawn(Protocol):
    """Runs what nobody waits for."""

    def __call__(self, work: Awaitable[None]) -> None:
        """Run it."""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """`delay_ms`: how long something is left unread before it is told. `now_ms`: the wall clock. `send`: None where
    this server sends no such mail."""

    delay_ms: int
    now_ms: Callable[[], int]
    send: SendMail | None = None


@dataclass(frozen=True, slots=True)
class _Missed:
    """What was missed, and up to where that is all of it."""

    lines: list[Line]
    more: int
    upto: ReadPlace
    token: str


class Mails:
    """Used on the reactor thread."""

    def __init__(
        self,
        database: Database,
        telling: tuple[Deciding, Messages, Digests],
        settings: MailSettings,
        spawn: Spawn,
        reactor: Clock,
    ) -> None:
        self._database = database
        self._deciding, self._messages, self._digests = telling
        self._settings = settings
        self._spawn = spawn
        self._reactor = reactor
        self._is_working = self._is_stopped = False

    async def expect(self, pusher_nid: int) -> None:
        """Something notifies a user who is told by mail."""
        if self._settings.send is None or self._is_stopped:
            return
        delay_ms = self._settings.delay_ms
        await self._database.transact(queries.expect_mail, pusher_nid, self._settings.now_ms(), delay_ms)
        if delay_ms < _RETRY_MS:
            self._reactor.callLater((delay_ms + _SLACK_MS) / 1000, lambda: self._spawn(self.tick()))

    async def tick(self) -> None:
        """Send what is due. Now and then."""
        if self._settings.send is None or self._is_working or self._is_stopped:
            return
        self._is_working = True
        try:
            due = await self._database.glance(queries.mails_due, self._settings.now_ms(), _AT_A_TIME)
            for pusher_nid in due:
                await self._send(pusher_nid)
        finally:
            self._is_working = False

    def stop(self) -> None:
        """Begin nothing more."""
        self._is_stopped = True

    async def _send(self, pusher_nid: int) -> None:
        pusher = await self._database.glance(queries.find_pusher, pusher_nid)
        if pusher is None or self._settings.send is None or self._is_stopped:
            return
        missed = await self._database.read(self._missed, pusher, self._database.feed.position)
        if not missed.lines:
            await self._database.transact(queries.write_mailed, pusher_nid, missed.upto, None)
            return
        digest = self._digests.write(missed.lines, missed.more, missed.token)
        try:
            await self._settings.send(pusher.shape.key.pushkey, digest)
        except Exception as error:
            logger.warning("a mail about missed messages could not be sent: %s", type(error).__name__)
            due_ts = self._settings.now_ms() + _RETRY_MS
            await self._database.transact(queries.put_off_mail, pusher_nid, due_ts)
            return
        await self._database.transact(self._sent, pusher_nid, missed.upto)

    def _sent(self, tx: Transaction, pusher_nid: int, upto: ReadPlace) -> None:
        now_ms = self._settings.now_ms()
        mailed_ts, throttle_ms = queries.last_mail(tx, pusher_nid)
        if now_ms - mailed_ts > max(_QUIET_MS, 2 * throttle_ms):
            throttle_ms = 0
        longer_ms = min(_LONGEST_THROTTLE_MS, throttle_ms * 6) or _FIRST_THROTTLE_MS
        queries.write_mailed(tx, pusher_nid, upto, (now_ms, longer_ms))

    def _missed(self, tx: Transaction, pusher: Pusher, now: int) -> _Missed:
        lines: list[Line] = []
        more, place = 0, pusher.place
        for _ in range(_MOST_READS):
            part = self._deciding.for_user(tx, pusher.user_id, place, now)
            for due in part.due:
                told = self._messages.find(tx, due)
                if told is None:
                    continue
                if len(lines) < _MOST_LINES:
                    lines.append(_line(due, told))
                else:
                    more += 1
            place = part.upto
            if part.is_all:
                break
        return _Missed(lines, more, place, queries.find_token(tx, pusher.pusher_nid))


def _line(due: Due, told: Told) -> Line:
    event = told.event
    sender = told.sender_name or event.sender
    room = told.room_name or told.room_alias or sender
    if due.is_invite:
        return Line(event.room_id, event.event_id, room, sender, "invites you to this room.")
    body = event.content.get("body")
    if event.type == "m.room.encrypted":
        text = "sent an encrypted message."
    elif event.type == "m.room.message" and isinstance(body, str):
        text = body
    else:
        text = "did something that you asked to be told of."
    return Line(event.room_id, event.event_id, room, sender, text)
