"""Sending to other servers: one queue a destination, at most one transaction under way, nothing lost by a restart.

What is due is read from the events themselves, as a span of positions a destination has not acknowledged yet, so
that a message writes nothing per destination, and a server that was away gets everything, in order. Before that go the
few events that are queued for a destination by themselves.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import msgspec

from homeserver.clock import Clock, Timer
from homeserver.database import Change, Database, Transaction
from homeserver.federation import queries_outgoing
from homeserver.federation.backoff import DestinationHealth
from homeserver.federation.queries_outgoing import DueEvent
from homeserver.rooms.occupancy import Occupancy

logger = logging.getLogger(__name__)

MOST_PDUS = 50
MOST_EDUS = 100
_MOST_VOLATILE = 100
#: Kinds of EDUs that are no longer what they were when they come twice.
_NOT_KNOWN_AGAIN = frozenset({"m.direct_to_device"})

Spawn = Callable[[Awaitable[None]], None]


class TransactionClient(Protocol):
    """Sends one transaction."""

    async def send_transaction(self, destination: str, txn_id: str, pdus: list[Any], edus: list[dict[str, Any]]) -> Any:
        """Deliver; raises where the destination did not take it."""


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """`boot_id`: makes transaction ids differ from those of earlier runs. `may_talk_to`: allow and deny lists."""

    server_name: str
    boot_id: str
    may_talk_to: Callable[[str], bool]
    reactor: Clock


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A transaction: its id, and up to where it takes what is due. One that was not acknowledged is sent again under
    its id with nothing new in it, before any other: so the destination knows it again. An EDU that was replaced
    meanwhile is left out; its successor comes in the next one.

    https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1sendtxnid
    """

    txn_id: str
    upto: int
    last_edu_nid: int = queries_outgoing.LAST_NID
    last_pdu_nid: int = queries_outgoing.LAST_NID


class _Sent(msgspec.Struct):
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Due:
    """What a transaction takes: events queued by themselves, events by their place in the room, EDUs."""

    queued: list[tuple[int, bytes]]
    events: list[DueEvent]
    edus: list[tuple[int, str, bytes]]

    def pdus_for(self, server_name: str) -> list[msgspec.Raw]:
        """Without what the destination has made itself."""
        others = [event[3] for event in self.events if not _is_made_by(server_name, event)]
        return [msgspec.Raw(pdu) for pdu in [*(pdu for _, pdu in self.queued), *others]]

    def is_full(self) -> bool:
        """Whether all places for events were taken, so that more may be due."""
        return len(self.queued) + len(self.events) == MOST_PDUS

    def sent_upto(self, before: tuple[int, int], upto: int) -> tuple[int, int]:
        """What the destination has acknowledged once it has taken this; where not all places were taken, nothing up
        to there is left."""
        if not self.is_full():
            return upto, queries_outgoing.LAST_NID
        return self.events[-1][:2] if self.events else before


@dataclass(slots=True)
class _Queue:
    """The state of one destination. `sent`: what it has acknowledged; `attempt`: what it has not, and
    `is_kept`: that is written down. `volatile`: EDUs that
    are worth sending now or never, by what they replace."""

    is_running: bool = False
    is_kept: bool = False
    is_woken: bool = False
    sent: tuple[int, int] | None = None
    attempt: _Attempt | None = None
    volatile: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)
    timer: Timer | None = None


class Sender:
    """Delivers events and EDUs to other servers. Used on the reactor thread."""

    def __init__(
        self,
        database: Database,
        client: TransactionClient,
        health: DestinationHealth,
        occupancy: Occupancy,
        settings: SenderSettings,
        spawn: Spawn,
    ) -> None:
        self._database = database
        self._client = client
        self._health = health
        self._occupancy = occupancy
        self._settings = settings
        self._spawn = spawn
        self._queues: dict[str, _Queue] = {}
        self._serial = 0
        self._is_stopping = False
        database.feed.subscribe("outbound", self._events_appended)
        database.feed.subscribe("servers", self._events_appended)
        health.on_revived(self.wake)

    async def start(self) -> None:
        """Go on with what was due before the restart."""
        await self._health.load()
        for server_name in await self._database.read(queries_outgoing.behind_destinations):
            self.wake(server_name)

    def stop(self) -> None:
        """Begin no more transactions."""
        self._is_stopping = True
        for queue in self._queues.values():
            if queue.timer is not None and queue.timer.active():
                queue.timer.cancel()

    def wake(self, server_name: str) -> None:
        """There is, or may be, something for this server."""
        if server_name == self._settings.server_name or self._is_stopping:
            return
        if not self._settings.may_talk_to(server_name):
            return
        queue = self._queues.setdefault(server_name, _Queue())
        queue.is_woken = True
        if not queue.is_running:
            queue.is_running = True
            self._spawn(self._run(server_name, queue))

    def send_volatile(self, server_names: Collection[str], edu_type: str, content: dict[str, Any]) -> None:
        """Send an EDU (typing, presence) to those servers that are up; a newer one of the same about replaces it."""
        key = f"{edu_type} {content.get('room_id', '')} {content.get('user_id', '')}"
        for server_name in server_names:
            if self._health.wait_ms(server_name):
                continue
            queue = self._queues.setdefault(server_name, _Queue())
            queue.volatile[key] = {"edu_type": edu_type, "content": content}
            queue.volatile.move_to_end(key)
            if len(queue.volatile) > _MOST_VOLATILE:
                queue.volatile.popitem(last=False)
            self.wake(server_name)

    async def send_durable(
        self, server_names: Collection[str], edu_type: str, content: dict[str, Any], replace_key: str | None
    ) -> None:
        """Queue an EDU until each server has acknowledged it."""
        await self._database.transact(self.queue_durable, server_names, edu_type, content, replace_key)

    def queue_durable(
        self,
        tx: Transaction,
        server_names: Collection[str],
        edu_type: str,
        content: dict[str, Any],
        replace_key: str | None,
    ) -> None:
        """The same within a transaction: sent if that is committed."""
        settings = self._settings
        others = [name for name in server_names if name != settings.server_name and settings.may_talk_to(name)]
        queries_outgoing.add_edus(tx, others, edu_type, msgspec.json.encode(content), replace_key)
        tx.after_commit(lambda: self._wake_all(others))

    def _wake_all(self, server_names: Iterable[str]) -> None:
        for server_name in server_names:
            self.wake(server_name)

    def _events_appended(self, changes: Iterable[Change]) -> None:
        rooms = {int(change.key): change.position for change in changes}
        self._spawn(self._wake_rooms(rooms))

    async def _wake_rooms(self, rooms: dict[int, int]) -> None:
        for room_nid, position in rooms.items():
            for server_name in await self._occupancy.servers_at(room_nid, position):
                self.wake(server_name)

    async def _run(self, server_name: str, queue: _Queue) -> None:
        """Send until nothing is due. One of these runs for a destination at a time."""
        try:
            while queue.is_woken and not self._is_stopping:
                queue.is_woken = False
                wait_ms = self._health.wait_ms(server_name)
                if wait_ms:
                    self._try_later(server_name, queue, wait_ms)
                    return
                while await self._send_next(server_name, queue):
                    pass
        finally:
            queue.is_running = False

    def _try_later(self, server_name: str, queue: _Queue, wait_ms: int) -> None:
        if queue.timer is not None and queue.timer.active():
            queue.timer.cancel()
        queue.timer = self._settings.reactor.callLater(wait_ms / 1000 + 0.05, self.wake, server_name)

    async def _send_next(self, server_name: str, queue: _Queue) -> bool:
        """Send one transaction; whether it arrived and more may be due."""
        if self._is_stopping:
            return False
        if queue.sent is None:
            kept = await self._database.glance(queries_outgoing.find_attempt, server_name)
            queue.attempt, queue.is_kept = (None, False) if kept is None else (_Attempt(*kept), True)
            queue.sent = await self._database.glance(queries_outgoing.sent_upto, server_name)
        attempt = queue.attempt or self._new_attempt()
        due = await self._database.glance(self._due, server_name, queue.sent, attempt)
        sent = due.sent_upto(queue.sent, attempt.upto)
        volatile = [] if queue.attempt else list(queue.volatile.items())[: MOST_EDUS - len(due.edus)]
        if not due.queued and not due.events and not due.edus and not volatile:
            was_again = queue.attempt is not None
            if queue.is_kept:
                await self._database.transact(queries_outgoing.delete_attempt, server_name)
            queue.sent, queue.attempt, queue.is_kept = sent, None, False
            return was_again
        pdus = due.pdus_for(server_name)
        body = [{"edu_type": edu_type, "content": msgspec.Raw(content)} for _, edu_type, content in due.edus]
        body += [edu for _, edu in volatile]
        if pdus or due.edus:
            queue.attempt = replace(attempt, last_edu_nid=_last_nid(due.edus), last_pdu_nid=_last_nid(due.queued))
            if any(edu_type in _NOT_KNOWN_AGAIN for _, edu_type, _ in due.edus):
                await self._keep(server_name, queue)
        if (pdus or body) and not await self._deliver(server_name, queue, attempt.txn_id, pdus, body):
            return False
        for key, edu in volatile:
            if queue.volatile.get(key) is edu:
                del queue.volatile[key]
        await self._database.transact(self._acknowledge, server_name, sent, due, queue.is_kept)
        queue.sent, queue.attempt, queue.is_kept = sent, None, False
        return True

    async def _keep(self, server_name: str, queue: _Queue) -> None:
        """Write down what is under way, if it is not: so that it has its id and content also after a restart."""
        attempt = queue.attempt
        if attempt is None or queue.is_kept:
            return
        row = (attempt.txn_id, attempt.upto, attempt.last_edu_nid, attempt.last_pdu_nid)
        await self._database.transact(queries_outgoing.write_attempt, server_name, row)
        queue.is_kept = True

    def _new_attempt(self) -> _Attempt:
        self._serial += 1
        return _Attempt(f"{self._settings.boot_id}{self._serial}", self._database.feed.position)

    async def _deliver(
        self, server_name: str, queue: _Queue, txn_id: str, pdus: list[Any], edus: list[dict[str, Any]]
    ) -> bool:
        try:
            await self._client.send_transaction(server_name, txn_id, pdus, edus)
        except Exception as error:
            if self._is_stopping:
                return False
            await self._health.record_failure(server_name)
            await self._keep(server_name, queue)
            wait_ms = self._health.wait_ms(server_name)
            logger.info("%s did not take a transaction (%s); again in %d ms", server_name, error, wait_ms)
            self._try_later(server_name, queue, wait_ms)
            queue.volatile.clear()
            return False
        await self._health.record_success(server_name)
        return True

    def _due(self, tx: Transaction, server_name: str, sent: tuple[int, int], attempt: _Attempt) -> _Due:
        queued = queries_outgoing.queued_pdus(tx, server_name, attempt.last_pdu_nid, MOST_PDUS)
        places = MOST_PDUS - len(queued)
        events = queries_outgoing.due_events(tx, server_name, sent, attempt.upto, places) if places else []
        return _Due(queued, events, queries_outgoing.due_edus(tx, server_name, attempt.last_edu_nid, MOST_EDUS))

    def _acknowledge(self, tx: Transaction, server_name: str, sent: tuple[int, int], due: _Due, is_kept: bool) -> None:
        if is_kept:
            queries_outgoing.delete_attempt(tx, server_name)
        queries_outgoing.write_sent(tx, server_name, sent)
        queries_outgoing.delete_edus(tx, [edu[0] for edu in due.edus])
        queries_outgoing.delete_pdus(tx, [pdu[0] for pdu in due.queued])


def _is_made_by(server_name: str, event: DueEvent) -> bool:
    """Whether a server has made an event: those of its users, but for invites that follow from a third-party invite of
    theirs, which any server in the room makes."""
    if event[2].partition(":")[2] != server_name:
        return False
    content = msgspec.json.decode(event[3], type=_Sent).content
    return content.get("membership") != "invite" or "third_party_invite" not in content


def _last_nid(rows: Sequence[tuple[Any, ...]]) -> int:
    """The number of the last row; 0, which is before every row, where there is none."""
    return int(rows[-1][0]) if rows else 0
