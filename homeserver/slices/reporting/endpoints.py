"""`/report`, and the administrators' view of reports.

The paths below `/_synapse/admin` are those that existing tools for administrators use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import bad_json, invalid_param, missing_param
from homeserver.protocol.ids import check_user_id
from homeserver.protocol.requester import Requester
from homeserver.slices.reporting.queries import Report
from homeserver.slices.reporting.service import Reporting

V3 = "/_matrix/client/v3"
_ADMIN = "/_synapse/admin/v1/event_reports"
_MOST_A_PAGE = 1_000

CheckAdmin = Callable[[Requester], None]
"""Raises 403 `M_FORBIDDEN` for who is no administrator."""


class ReportEndpoints:
    """Reports of events, rooms and users."""

    def __init__(self, reporting: Reporting, check_admin: CheckAdmin) -> None:
        self._reporting = reporting
        self._check_admin = check_admin

    @route("POST", f"{V3}/rooms/{{roomId}}/report/{{eventId}}", limit="rc_reports")
    async def report_event(self, request: Request, requester: Requester) -> Json:
        """Report an event.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidreporteventid
        """
        reason = _find_reason(request.json_object(optional=True))
        path = request.parameters
        await self._reporting.report_event(path["roomId"], path["eventId"], reason, requester)
        return {}

    @route("POST", f"{V3}/rooms/{{roomId}}/report", limit="rc_reports")
    async def report_room(self, request: Request, requester: Requester) -> Json:
        """Report a room.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidreport
        """
        reason = _required_reason(request.json_object())
        await self._reporting.report_room(request.parameters["roomId"], reason, requester)
        return {}

    @route("POST", f"{V3}/users/{{userId}}/report", limit="rc_reports")
    async def report_user(self, request: Request, requester: Requester) -> Json:
        """Report a user.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3usersuseridreport
        """
        reason = _required_reason(request.json_object())
        check_user_id(request.parameters["userId"])
        await self._reporting.report_user(request.parameters["userId"], reason, requester)
        return {}

    @route("GET", _ADMIN, access=Access.USER)
    async def reports(self, request: Request, requester: Requester) -> Json:
        """For administrators: a page of reported events, newest first unless `dir` is `f`."""
        self._check_admin(requester)
        query = request.query
        offset, limit = query.integer("from", 0, 0), query.integer("limit", 100, 1, _MOST_A_PAGE)
        is_newest_first = (query.find("dir") or "b") == "b"
        reports, total = await self._reporting.page("event", offset, limit, is_newest_first=is_newest_first)
        answer: dict[str, Any] = {"event_reports": [_told(one) for one in reports], "total": total}
        if offset + len(reports) < total:
            answer["next_token"] = offset + len(reports)
        return answer

    @route("GET", f"{_ADMIN}/{{reportId}}", access=Access.USER)
    async def report(self, request: Request, requester: Requester) -> Json:
        """For administrators: one report."""
        self._check_admin(requester)
        return _told(await self._reporting.get("event", _report_nid(request)))

    @route("DELETE", f"{_ADMIN}/{{reportId}}", access=Access.USER)
    async def delete(self, request: Request, requester: Requester) -> Json:
        """For administrators: a report is dealt with."""
        self._check_admin(requester)
        await self._reporting.delete("event", _report_nid(request))
        return {}


def _find_reason(body: dict[str, Any]) -> str | None:
    reason = body.get("reason")
    if reason is not None and not isinstance(reason, str):
        raise bad_json("reason: must be a string.")
    return reason


def _required_reason(body: dict[str, Any]) -> str:
    reason = _find_reason(body)
    if reason is None:
        raise missing_param("reason: is missing; it may be empty.")
    return reason


def _report_nid(request: Request) -> int:
    text = request.parameters["reportId"]
    if not text.isdecimal() or len(text) > 15:
        raise invalid_param("reportId: must be a number.")
    return int(text)


def _told(report: Report) -> dict[str, Any]:
    return {
        "id": report.report_nid,
        "received_ts": report.received_ts,
        "room_id": report.room_id,
        "event_id": report.event_id,
        "user_id": report.reporter,
        "sender": report.reported_user_id,
        "reason": report.reason,
    }
