"""Working on the PDUs that wait: each server's of a room in order, all side by side, so that neither one bad event nor
a server that does not answer holds up others.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

import msgspec

from homeserver.clock import Clock
from homeserver.database import Database
from homeserver.federation import queries_incoming
from homeserver.federation.admission import Admission
from homeserver.federation.arrivals import Arrivals
from homeserver.federation.backoff import Retries
from homeserver.federation.errors import Unreachable, Withheld, is_passing
from homeserver.federation.pdu_checks import PduChecks, Refused, check_not_refused
from homeserver.federation.postponed import Postponed, QueueKey
from homeserver.federation.queries_incoming import StagedPdu
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.events import Event, stored_event
from homeserver.protocol.ids import server_name_of
from homeserver.rooms.records import RoomRecord

logger = logging.getLogger(__name__)

_AT_ONCE = 50
#: An error of this server's own may pass, too; but hardly if it was met so often.
_MOST_FAULTS = 5
#: What came before an event is looked for so often, for some twenty minutes.
_MOST_WITHHELD = 12


class RoomWork:
    """One worker for each server and room with PDUs waiting. Used on the reactor thread."""

    def __init__(
        self,
        database: Database,
        admission: Admission,
        arrivals: Arrivals,
        checks: PduChecks,
        reactor: Clock,
        spawn: Callable[[Awaitable[None]], None],
    ) -> None:
        self._database = database
        self._admission = admission
        self._arrivals = arrivals
        self._checks = checks
        self._spawn = spawn
        self._woken: dict[QueueKey, bool] = {}
        self._postponed = Postponed(reactor, Retries(), self._wake)
        self._is_stopping = False
        admission.on_join_ended(lambda room_id: spawn(self._wake_room(room_id)))

    async def start(self) -> None:
        """Go on with what waited when the server stopped."""
        for key in await self._database.read(queries_incoming.staged_queues):
            self._wake(key)

    def stop(self) -> None:
        """Begin on no more PDUs."""
        self._is_stopping = True

    def wake(self, room_id: str, origin: str) -> None:
        """There is something of a server's to do in a room."""
        self._wake((room_id, origin))

    def retry(self, origin: str) -> None:
        """A server that did not answer is there again."""
        self._postponed.revive(origin)

    def retry_room(self, room_id: str) -> None:
        """A room has become whole: try again what has waited for that."""
        self._postponed.revive_room(room_id)

    def _wake(self, key: QueueKey) -> None:
        if self._is_stopping:
            return
        is_running = key in self._woken
        self._woken[key] = True
        if not is_running:
            self._spawn(self._run(key))

    async def _wake_room(self, room_id: str) -> None:
        for key in await self._database.glance(queries_incoming.staged_queues):
            if key[0] == room_id:
                self._wake(key)

    async def _run(self, key: QueueKey) -> None:
        try:
            while self._woken[key] and not self._is_stopping:
                self._woken[key] = False
                await self._go_through(key)
        finally:
            del self._woken[key]

    async def _go_through(self, key: QueueKey) -> None:
        """Work on all that waits, once."""
        after_nid = 0
        while rows := await self._database.glance(queries_incoming.staged, key, after_nid, _AT_ONCE):
            after_nid = rows[-1].staged_nid
            done: list[int] = []
            try:
                is_over = await self._work_on(key, rows, done)
            finally:
                # All at once; where a stop comes before that they are met again, and known.
                await self._database.transact(queries_incoming.unstage, done)
            if is_over:
                return

    async def _work_on(self, key: QueueKey, rows: list[StagedPdu], done: list[int]) -> bool:
        """Work on some PDUs, and note those that are done; whether to go on with others later."""
        left = deque(rows)
        in_runs = True
        while left:
            room = await self._admission.find_joined(key[0])
            if self._is_stopping or (room is None and self._admission.is_joining(key[0])):
                return True
            if in_runs and room is not None:
                # What follows on something that is not here lacks it as well: runs of it would be tried in vain.
                in_runs = await self._take_run(room, key, left, done)
                continue
            staged = left.popleft()
            if self._postponed.is_waiting(key, staged.staged_nid):
                continue
            if room is None or await self._is_done(room, staged):
                self._postponed.forget(key, staged.staged_nid)
                done.append(staged.staged_nid)
        return False

    def _next_run(self, room: RoomRecord, key: QueueKey, left: Iterable[StagedPdu]) -> list[Event]:
        """The first of the PDUs, as many as can be taken together. None comes after one that changes the state: that
        may put this server out of the room."""
        run: list[Event] = []
        for staged in left:
            if not staged.is_checked or self._postponed.is_waiting(key, staged.staged_nid):
                break
            run.append(_checked_event(staged, room))
            if run[-1].is_state:
                break
        return run

    async def _take_run(self, room: RoomRecord, key: QueueKey, left: deque[StagedPdu], done: list[int]) -> bool:
        """Take in as many as can be taken together; whether any was, and nothing came in the way."""
        try:
            run = self._next_run(room, key, left)
        except Exception:
            logger.exception("a stored PDU in %s cannot be read", room.room_id)
            return False
        taken = await self._arrivals.take_run(room, run) if run else 0
        for event in run[:taken]:
            nid = left.popleft().staged_nid
            self._postponed.forget(key, nid)
            self._postponed.arrived(room.room_id, event.event_id)
            done.append(nid)
        return 0 < taken == len(run)

    async def _is_done(self, room: RoomRecord, staged: StagedPdu) -> bool:
        """Work on one PDU; whether it need not be tried again."""
        key, nid, event_id = (staged.room_id, staged.origin), staged.staged_nid, staged.event_id
        try:
            await self._take(room, staged)
            self._postponed.arrived(room.room_id, event_id)
        except Withheld as error:
            if self._postponed.postpone(key, nid, _MOST_WITHHELD, error.event_ids):
                return False
            logger.info("%s in %s is passed over: %s", event_id, room.room_id, error.message)
        except MatrixError as error:
            if is_passing(error) and self._postponed.postpone(key, nid):
                logger.info("%s in %s has to wait: %s", event_id, room.room_id, error.message)
                return False
            logger.info("%s in %s is passed over: %s", event_id, room.room_id, error.message)
        except Exception:
            logger.exception("%s of %s in %s could not be worked on", event_id, staged.origin, room.room_id)
            return not self._postponed.postpone(key, nid, _MOST_FAULTS)
        return True

    async def _take(self, room: RoomRecord, staged: StagedPdu) -> None:
        if staged.is_checked:
            event = _checked_event(staged, room)
        else:
            pdu = msgspec.json.decode(staged.pdu)
            (checked,) = await self._checks.check([pdu], room.version)
            if isinstance(checked, Refused) and checked.is_passing:
                raise Unreachable(server_name_of(str(pdu.get("sender"))), checked.reason)
            event = check_not_refused(checked)
        await self._arrivals.take(room, event, staged.origin)


def _checked_event(staged: StagedPdu, room: RoomRecord) -> Event:
    return stored_event(staged.pdu, staged.event_id, room.version)
