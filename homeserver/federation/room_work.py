"""Working on the PDUs that wait: rooms side by side, each in order, one bad event or room never holding up another."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import msgspec

from homeserver.database import Database
from homeserver.federation import queries_incoming
from homeserver.federation.arrivals import Arrivals
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.events import InvalidEvent, parse_event
from homeserver.rooms.service import Rooms

logger = logging.getLogger(__name__)

_AT_ONCE = 50


class RoomWork:
    """One worker for each room that has PDUs waiting. Used on the reactor thread."""

    def __init__(
        self, database: Database, rooms: Rooms, arrivals: Arrivals, spawn: Callable[[Awaitable[None]], None]
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._arrivals = arrivals
        self._spawn = spawn
        self._woken: dict[str, bool] = {}
        self._is_stopping = False

    async def start(self) -> None:
        """Go on with what waited when the server stopped."""
        for room_id in await self._database.read(queries_incoming.staged_rooms):
            self.wake(room_id)

    def stop(self) -> None:
        """Begin on no more PDUs."""
        self._is_stopping = True

    def wake(self, room_id: str) -> None:
        """There is something to do in a room."""
        is_running = room_id in self._woken
        self._woken[room_id] = True
        if not is_running:
            self._spawn(self._run(room_id))

    async def _run(self, room_id: str) -> None:
        try:
            while self._woken[room_id] and not self._is_stopping:
                self._woken[room_id] = False
                while rows := await self._database.glance(queries_incoming.staged, room_id, _AT_ONCE):
                    for staged_nid, origin, event_id, pdu in rows:
                        if self._is_stopping:
                            return
                        await self._work_on(room_id, origin, event_id, pdu)
                        await self._database.transact(queries_incoming.unstage, staged_nid)
        finally:
            del self._woken[room_id]

    async def _work_on(self, room_id: str, origin: str, event_id: str, pdu: bytes) -> None:
        room = await self._rooms.find_room(room_id)
        if room is None:
            return
        try:
            event = parse_event(msgspec.json.decode(pdu), room.version)
            await self._arrivals.take(room, event, origin)
        except InvalidEvent:
            logger.warning("the stored PDU %s is no event", event_id)
        except MatrixError as error:
            logger.info("%s in %s is passed over: %s", event_id, room_id, error.message)
        except Exception:
            logger.exception("%s of %s in %s could not be worked on", event_id, origin, room_id)
