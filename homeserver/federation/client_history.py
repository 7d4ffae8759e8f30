"""Asking other servers for events and state.

https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import msgspec

from homeserver.federation.calls import Call, Calls
from homeserver.federation.errors import BadAnswer
from homeserver.federation.settings import FederationSettings
from homeserver.federation.streaming import Sink, stream_lists
from homeserver.http.egress_settings import EgressOptions
from homeserver.protocol.ids import is_valid_event_id

_V1 = ("federation", "v1")
_ONE_MEGABYTE = 1024 * 1024
_STATE_LISTS = frozenset({"pdus", "auth_chain"})


class _Pdus(msgspec.Struct):
    pdus: list[Any]


class _Events(msgspec.Struct):
    events: list[Any] = []


class _State(msgspec.Struct):
    pdus: list[Any]
    auth_chain: list[Any]


class _StateIds(msgspec.Struct):
    pdu_ids: list[Any]
    auth_chain_ids: list[Any]


class _AuthChain(msgspec.Struct):
    auth_chain: list[Any]


class _EventAt(msgspec.Struct):
    event_id: str
    origin_server_ts: int


class HistoryClient:
    """Reads of other servers. PDUs come as JSON values of which nothing is checked; every method raises
    `FederationError`."""

    def __init__(self, calls: Calls, settings: FederationSettings) -> None:
        self._calls = calls
        self._options = EgressOptions(total_ms=settings.request_timeout_ms, max_body_bytes=32 * _ONE_MEGABYTE)
        self._state_options = EgressOptions(total_ms=settings.join_timeout_ms, max_body_bytes=settings.state_bytes)

    async def get_event(self, destination: str, event_id: str) -> dict[str, Any]:
        """One PDU; whether it is the event of that id is the caller's check.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1eventeventid
        """
        options = replace(self._options, max_body_bytes=_ONE_MEGABYTE)
        answer = await self._calls.ask(destination, Call("GET", (*_V1, "event", event_id), options=options), _Pdus)
        if not answer.pdus or not isinstance(answer.pdus[0], dict):
            raise BadAnswer(destination, "its answer holds no event")
        return answer.pdus[0]

    async def get_state(self, destination: str, room_id: str, event_id: str) -> tuple[list[Any], list[Any]]:
        """(state before the event, its auth chain), as PDUs.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1stateroomid
        """
        call = Call("GET", (*_V1, "state", room_id), [("event_id", event_id)], options=self._state_options)
        answer = await self._calls.ask(destination, call, _State)
        return answer.pdus, answer.auth_chain

    async def stream_state(self, destination: str, room_id: str, event_id: str, sink: Sink) -> None:
        """Hand the elements of `pdus`, the state before an event, and of `auth_chain` to a sink as they come.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1stateroomid
        """
        call = Call("GET", (*_V1, "state", room_id), [("event_id", event_id)], options=self._state_options)
        await stream_lists(self._calls, destination, call, _STATE_LISTS, sink)

    async def get_state_ids(self, destination: str, room_id: str, event_id: str) -> tuple[list[str], list[str]]:
        """(state before the event, its auth chain), as event ids.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1state_idsroomid
        """
        call = Call("GET", (*_V1, "state_ids", room_id), [("event_id", event_id)], options=self._state_options)
        answer = await self._calls.ask(destination, call, _StateIds)
        return self._ids(destination, answer.pdu_ids), self._ids(destination, answer.auth_chain_ids)

    async def get_event_auth(self, destination: str, room_id: str, event_id: str) -> list[Any]:
        """The auth chain of an event, as PDUs.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1event_authroomideventid
        """
        call = Call("GET", (*_V1, "event_auth", room_id, event_id), options=self._state_options)
        return (await self._calls.ask(destination, call, _AuthChain)).auth_chain

    async def backfill(self, destination: str, room_id: str, event_ids: Collection[str], limit: int) -> list[Any]:
        """At most `limit` PDUs from these events backwards, themselves included.

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1backfillroomid
        """
        query = [("v", event_id) for event_id in event_ids] + [("limit", str(limit))]
        call = Call("GET", (*_V1, "backfill", room_id), query, options=self._options)
        return (await self._calls.ask(destination, call, _Pdus)).pdus[:limit]

    async def get_missing_events(
        self, destination: str, room_id: str, *, earliest: Collection[str], latest: Collection[str], limit: int
    ) -> list[Any]:
        """At most `limit` PDUs between events that are here and events that came.

        https://spec.matrix.org/v1.19/server-server-api/#post_matrixfederationv1get_missing_eventsroomid
        """
        content = {"earliest_events": list(earliest), "latest_events": list(latest), "limit": limit, "min_depth": 0}
        call = Call("POST", (*_V1, "get_missing_events", room_id), content=content, options=self._options)
        return (await self._calls.ask(destination, call, _Events)).events[:limit]

    async def timestamp_to_event(
        self, destination: str, room_id: str, timestamp_ms: int, direction: str
    ) -> tuple[str, int]:
        """(event id, `origin_server_ts`) of the event nearest to a time, forwards (`f`) or backwards (`b`).

        https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1timestamp_to_eventroomid
        """
        query = [("ts", str(timestamp_ms)), ("dir", direction)]
        call = Call("GET", (*_V1, "timestamp_to_event", room_id), query, options=self._options)
        answer = await self._calls.ask(destination, call, _EventAt)
        return self._ids(destination, [answer.event_id])[0], answer.origin_server_ts

    def _ids(self, destination: str, values: list[Any]) -> list[str]:
        if not all(isinstance(value, str) and is_valid_event_id(value) for value in values):
            raise BadAnswer(destination, "its answer holds what is no event ID")
        return values
