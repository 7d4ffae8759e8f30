"""Delayed events for clients: scheduling, changing one's mind, looking them up.

https://github.com/matrix-org/matrix-spec-proposals/pull/4140
"""

from __future__ import annotations

from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import bad_json, invalid_param, missing_param
from homeserver.protocol.requester import Requester
from homeserver.rooms.drafting import Wanted
from homeserver.rooms.service import TransactionKey
from homeserver.slices.delayed_events.sending import DelayedSending
from homeserver.slices.delayed_events.service import DelayedEvents

_UNSTABLE = "/_matrix/client/unstable/org.matrix.msc4140"
_LIMIT = "rc_delayed_event_mgmt"
_ACTIONS = ("send", "cancel", "restart")


class DelayedEventEndpoints:
    """The older way to schedule one is an argument of `send` and `state`. Whoever knows a delay id may act on it, with
    whatever token or none: clients give it to who notices sooner that they are gone. A token only says whose requests
    are counted."""

    def __init__(self, events: DelayedEvents, sending: DelayedSending) -> None:
        self._events = events
        self._sending = sending

    @route(
        "PUT",
        f"{_UNSTABLE}/rooms/{{roomId}}/delayed_event/{{eventType}}/{{txnId}}",
        access=Access.GUEST,
        limit="rc_message",
        refuses_suspended=True,
    )
    async def schedule(self, request: Request, requester: Requester) -> Json:
        """Send `content` in `delay_ms` (or `delay`, as it was called before), as state where there is a `state_key`;
        answers the `delay_id`."""
        path, body = request.parameters, request.json_object()
        delay_ms, content, state_key = (
            body.get("delay_ms", body.get("delay")),
            body.get("content"),
            body.get("state_key"),
        )
        if delay_ms is None or content is None:
            raise missing_param("delay_ms and content are needed.")
        if not isinstance(delay_ms, int) or isinstance(delay_ms, bool) or delay_ms < 1:
            raise invalid_param("delay_ms: must be a whole number of milliseconds, at least 1.")
        if not isinstance(content, dict) or not isinstance(state_key, str | None):
            raise bad_json("content: must be an object; state_key: must be a string.")
        if "\0" in (state_key or ""):
            raise invalid_param("state_key: must not have null characters.")
        scope = f"delayed_event:{path['roomId']}:{path['eventType']}"
        key = TransactionKey(requester.user_id, requester.device_id or "", scope, path["txnId"])
        wanted = Wanted(path["roomId"], path["eventType"], content, state_key)
        return {"delay_id": await self._events.schedule(wanted, requester, delay_ms, key)}

    @route("POST", f"{_UNSTABLE}/delayed_events/{{delayId}}", access=Access.OPTIONAL, limit=_LIMIT)
    async def act_by_body(self, request: Request, requester: Requester | None) -> Json:
        """`action`: see `act`."""
        action = request.json_object().get("action")
        if action is None:
            raise missing_param("Missing field action.")
        return await self._act(request, action)

    @route("POST", f"{_UNSTABLE}/delayed_events/{{delayId}}/{{action}}", access=Access.OPTIONAL, limit=_LIMIT)
    async def act(self, request: Request, requester: Requester | None) -> Json:
        """`send` it now, `cancel` it, or let its delay begin anew (`restart`). Answers `{}`; 404, 409 where the
        contrary has happened, and for `send` what sending it raises."""
        return await self._act(request, request.parameters["action"])

    @route("GET", f"{_UNSTABLE}/delayed_events", access=Access.GUEST, limit=_LIMIT)
    async def of_user(self, request: Request, requester: Requester) -> Json:
        """The user's own: `scheduled` and `finalised`, one of them with `status`. `delayed_events` is what later stages
        of the proposal call the scheduled ones."""
        status = request.query.find("status")
        if status not in (None, "scheduled", "finalised"):
            raise invalid_param("status: must be 'scheduled' or 'finalised'.")
        scheduled, finalised = await self._events.events_of(requester.user_id)
        answer: dict[str, Any] = {}
        if status != "finalised":
            answer["delayed_events"] = answer["scheduled"] = [event.body() for event in scheduled]
        if status != "scheduled":
            answer["finalised"] = [event.finalised_body() for event in finalised]
        return answer

    @route("GET", f"{_UNSTABLE}/delayed_events/{{delayId}}", access=Access.GUEST, limit=_LIMIT)
    async def single(self, request: Request, requester: Requester) -> Json:
        """One of the user's own, and what became of it; 404."""
        return (await self._events.get_event(request.parameters["delayId"], requester.user_id)).single_body()

    async def _act(self, request: Request, action: object) -> Json:
        if action not in _ACTIONS:
            raise invalid_param(f"action: must be one of {', '.join(_ACTIONS)}.")
        event = await self._events.get_event(request.parameters["delayId"])
        if action == "cancel":
            await self._events.cancel(event)
        elif action == "restart":
            await self._events.restart(event)
        elif event.finalised_ts is not None or not await self._sending.send_now(event):
            await self._events.check_sent(event)
        return {}
