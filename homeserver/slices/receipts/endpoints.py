"""Receipts and read markers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import bad_json, invalid_param
from homeserver.protocol.requester import Requester
from homeserver.slices.receipts.service import Receipt, Receipts

V3 = "/_matrix/client/v3"

SetFullyRead = Callable[[str, str, str], Awaitable[None]]
"""(user id, room id, event id): move the read marker."""

_MARKERS = {"m.read": "m.read", "m.read.private": "m.read.private", "org.matrix.msc2285.read.private": "m.read.private"}


class ReceiptEndpoints:
    """`/receipt` and `/read_markers`."""

    def __init__(self, receipts: Receipts, set_fully_read: SetFullyRead) -> None:
        self._receipts = receipts
        self._set_fully_read = set_fully_read

    @route("POST", f"{V3}/rooms/{{roomId}}/receipt/{{receiptType}}/{{eventId}}", access=Access.GUEST)
    async def receipt(self, request: Request, requester: Requester) -> Json:
        """Say up to where the user has read.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidreceiptreceipttypeeventid
        """
        path, body = request.parameters, request.json_object(optional=True)
        thread_id = _thread_id(body)
        if path["receiptType"] == "m.fully_read":
            if thread_id:
                raise invalid_param("thread_id: m.fully_read has none.")
            await self._set_fully_read(requester.user_id, path["roomId"], path["eventId"])
            return {}
        await self._receipts.set_receipt(
            Receipt(path["roomId"], requester.user_id, path["receiptType"], path["eventId"], thread_id)
        )
        return {}

    @route("POST", f"{V3}/rooms/{{roomId}}/read_markers", access=Access.GUEST)
    async def read_markers(self, request: Request, requester: Requester) -> Json:
        """Move read marker and receipts at once.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidread_markers
        """
        room_id, body = request.parameters["roomId"], request.json_object(optional=True)
        fully_read = body.get("m.fully_read")
        if fully_read is not None:
            if not isinstance(fully_read, str):
                raise bad_json("m.fully_read: must be an event id.")
            await self._set_fully_read(requester.user_id, room_id, fully_read)
        for key, receipt_type in _MARKERS.items():
            event_id = body.get(key)
            if isinstance(event_id, str):
                await self._receipts.set_receipt(Receipt(room_id, requester.user_id, receipt_type, event_id))
        return {}


def _thread_id(body: dict[str, Any]) -> str:
    if "thread_id" not in body:
        return ""
    thread_id = body["thread_id"]
    if not isinstance(thread_id, str) or not thread_id:
        raise invalid_param("thread_id: must be 'main' or the id of a thread's root event.")
    return thread_id
