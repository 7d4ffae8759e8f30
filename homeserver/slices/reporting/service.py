"""Taking reports, and showing them to administrators.

https://spec.matrix.org/v1.19/client-server-api/#reporting-content
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from homeserver.database import Database
from homeserver.protocol.errors import MatrixError, invalid_param, not_found
from homeserver.protocol.requester import Requester
from homeserver.rooms.service import Rooms, wall_clock_ms
from homeserver.slices.reporting import queries
from homeserver.slices.reporting.queries import Report

logger = logging.getLogger(__name__)

_MOST_OF_A_REPORTER = 1_000
_MOST_REASON_CHARACTERS = 4_096

CheckVisible = Callable[[str, str, Requester], Awaitable[Any]]
"""(room id, event id, requester); raises 404 for an event they may not see."""

UserExists = Callable[[str], Awaitable[bool]]
"""Whether a user id is a local user's."""


class Reporting:
    """Keeps reports."""

    def __init__(
        self, database: Database, rooms: Rooms, check_visible: CheckVisible, user_exists: UserExists, server_name: str
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._check_visible = check_visible
        self._user_exists = user_exists
        self._server_name = server_name

    async def report_event(self, room_id: str, event_id: str, reason: str | None, requester: Requester) -> None:
        """A member of a room reports an event there; 404 `M_NOT_FOUND` for what they cannot see or are not in."""
        try:
            await self._rooms.get_room_of(room_id, requester.user_id)
            await self._check_visible(room_id, event_id, requester)
        except MatrixError as error:
            raise not_found("The event was not found, or you are not in the room.") from error
        stored = await self._rooms.find_event(event_id)
        sender = None if stored is None else stored.event.sender
        await self._keep("event", requester, reason, {"room_id": room_id, "event_id": event_id, "sender": sender})

    async def report_room(self, room_id: str, reason: str, requester: Requester) -> None:
        """Anybody reports a room; 404 `M_NOT_FOUND` for one this server does not know."""
        await self._rooms.get_room(room_id)
        await self._keep("room", requester, reason, {"room_id": room_id})

    async def report_user(self, user_id: str, reason: str, requester: Requester) -> None:
        """Anybody reports a user; 404 `M_NOT_FOUND` for a local user who does not exist."""
        is_local = user_id.partition(":")[2] == self._server_name
        if is_local and not await self._user_exists(user_id):
            raise not_found("There is no such user.")
        await self._keep("user", requester, reason, {"sender": user_id})

    async def page(self, kind: str, offset: int, limit: int, *, is_newest_first: bool) -> tuple[list[Report], int]:
        """(reports, how many there are in all)."""

        def read(tx: Any) -> tuple[list[Report], int]:
            page = queries.page_of_reports(tx, kind, offset, limit, is_newest_first=is_newest_first)
            return page, queries.count_reports(tx, kind)

        return await self._database.read(read)

    async def get(self, kind: str, report_nid: int) -> Report:
        """One report; 404 `M_NOT_FOUND`."""
        report = await self._database.glance(queries.find_report, kind, report_nid)
        if report is None:
            raise not_found("There is no such report.")
        return report

    async def delete(self, kind: str, report_nid: int) -> None:
        """A report is dealt with; 404 `M_NOT_FOUND`."""
        if not await self._database.transact(queries.delete_report, kind, report_nid):
            raise not_found("There is no such report.")

    async def _keep(self, kind: str, requester: Requester, reason: str | None, about: dict[str, str | None]) -> None:
        if reason is not None and len(reason) > _MOST_REASON_CHARACTERS:
            raise invalid_param(f"reason: has more than {_MOST_REASON_CHARACTERS} characters.")
        row = {
            "kind": kind,
            "reporter": requester.user_id,
            "room_id": about.get("room_id"),
            "event_id": about.get("event_id"),
            "reported_user_id": about.get("sender"),
            "reason": None if reason is None else reason.replace("\0", ""),
            "received_ts": wall_clock_ms(),
        }
        await self._database.transact(queries.insert_report, row, _MOST_OF_A_REPORTER)
        logger.warning("%s reported a%s %s", requester.user_id, "n" if kind == "event" else "", kind)
