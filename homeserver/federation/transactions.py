"""Receiving transactions: PDUs are checked and stored, the answer is stored with them, then rooms get to work.

https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1sendtxnid
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from homeserver.database import Database, Transaction
from homeserver.federation import queries_incoming
from homeserver.federation.admission import Admission
from homeserver.federation.pdu_checks import PduChecks, Refused
from homeserver.federation.queries_incoming import StagedPdu
from homeserver.protocol.canonical_json import encode_lax
from homeserver.protocol.errors import MatrixError, bad_json
from homeserver.rooms.service import wall_clock_ms

logger = logging.getLogger(__name__)

MOST_PDUS = 50
MOST_EDUS = 100
#: EDUs of which nothing is kept.
_PASSING = ("m.typing", "m.presence")

Json = dict[str, Any]
ReceiveEdu = Callable[[str, Json], Awaitable[None]]
"""(origin, content)."""

TakeOutside = Callable[[str, str, list[Any]], Awaitable[Mapping[str, Json]]]
"""(origin, room id, PDUs of this room that this server is not in) to what the answer says of them."""


class Transactions:
    """Takes transactions in."""

    def __init__(
        self,
        database: Database,
        admission: Admission,
        checks: PduChecks,
        edus: Mapping[str, ReceiveEdu],
        work: Callable[[str, str], None],
        take_outside: TakeOutside,
    ) -> None:
        self._database = database
        self._admission = admission
        self._checks = checks
        self._edus = edus
        self._work = work
        self._take_outside = take_outside
        self._under_way: dict[tuple[str, str], list[Deferred[None]]] = {}

    async def receive(self, origin: str, txn_id: str, body: Json) -> msgspec.Raw:
        """The answer: `{"pdus": {event id: {} or {"error"}}}`. The same transaction again gets the same answer."""
        key = (origin, txn_id)
        while key in self._under_way:
            waiting: Deferred[None] = Deferred()
            self._under_way[key].append(waiting)
            await waiting
        known = await self._database.glance(queries_incoming.find_answer, origin, txn_id)
        if known is not None:
            return msgspec.Raw(known)
        self._under_way[key] = []
        try:
            return await self._take(origin, txn_id, body)
        finally:
            for waiting in self._under_way.pop(key):
                waiting.callback(None)

    async def _take(self, origin: str, txn_id: str, body: Json) -> msgspec.Raw:
        pdus, edus = _lists(body)
        results: dict[str, Json] = {}
        good: list[StagedPdu] = []
        for room_id, members in _by_room(pdus).items():
            good += await self._check_room(origin, room_id, members, results)
        answer = msgspec.json.encode({"pdus": results})
        # What has to be kept of EDUs is, before the transaction counts as received: a stop in between repeats it.
        has_lasting = any(not isinstance(edu, dict) or edu.get("edu_type") not in _PASSING for edu in edus)
        await self._database.transact(_keep, origin, txn_id, good, None if has_lasting else answer)
        for room_id in {staged.room_id for staged in good}:
            self._work(room_id, origin)
        for edu in edus:
            await self._receive_edu(origin, edu)
        if has_lasting:
            await self._database.transact(_keep, origin, txn_id, [], answer)
        return msgspec.Raw(answer)

    async def _check_room(
        self, origin: str, room_id: str | None, pdus: list[Any], results: dict[str, Json]
    ) -> list[StagedPdu]:
        """The good events among the PDUs of one room, and those that cannot be checked yet; the others get their
        error."""
        # The version that a join under way goes by may turn out another; what came meanwhile is checked again then.
        is_settled = room_id is not None and await self._admission.find_joined(room_id) is not None
        version = None if room_id is None else await self._admission.find_version(room_id)
        if room_id is None or version is None:
            if room_id is not None:
                results.update(await self._take_outside(origin, room_id, pdus))
            return []
        allowed = await self._admission.may_take_part(room_id, origin)
        good = []
        for pdu, one in zip(pdus, await self._checks.check(pdus, version), strict=True):
            if isinstance(one, Refused) and one.is_passing and one.event_id is not None and allowed:
                results[one.event_id] = {}
                good.append(StagedPdu(room_id, origin, one.event_id, encode_lax(pdu), is_checked=False))
            elif isinstance(one, Refused):
                if one.event_id is not None:
                    results[one.event_id] = {"error": one.reason}
                logger.info("%s sent a PDU that is refused: %s", origin, one.reason)
            elif not allowed:
                results[one.event_id] = {"error": "The room's access control list shuts this server out."}
            else:
                results[one.event_id] = {}
                good.append(StagedPdu(room_id, origin, one.event_id, one.encoded, is_settled))
        return good

    async def _receive_edu(self, origin: str, edu: Any) -> None:
        """One EDU that cannot be worked on does not hold up the others."""
        if not isinstance(edu, dict) or not isinstance(edu.get("content"), dict):
            return
        edu_type = str(edu.get("edu_type"))
        receive = self._edus.get(edu_type)
        if receive is None:
            return
        try:
            content = await self._admission.admitted_edu(origin, edu_type, edu["content"])
            if content is not None:
                await receive(origin, content)
        except MatrixError as error:
            logger.info("%s sent an EDU that is refused: %s", origin, error.message)
        except Exception:
            logger.exception("an EDU of %s could not be worked on", origin)


def _keep(tx: Transaction, origin: str, txn_id: str, pdus: list[StagedPdu], answer: bytes | None) -> None:
    """The events, to be worked on, and the answer, if it is final; both or neither."""
    queries_incoming.stage(tx, pdus)
    if answer is not None:
        queries_incoming.insert_answer(tx, origin, txn_id, wall_clock_ms(), answer)


def _lists(body: Json) -> tuple[list[Any], list[Any]]:
    pdus, edus = body.get("pdus"), body.get("edus", [])
    if not isinstance(pdus, list) or not isinstance(edus, list):
        raise bad_json("pdus and edus: must be lists.")
    if len(pdus) > MOST_PDUS or len(edus) > MOST_EDUS:
        raise bad_json(f"A transaction holds at most {MOST_PDUS} PDUs and {MOST_EDUS} EDUs.")
    return pdus, edus


def _by_room(pdus: list[Any]) -> dict[str | None, list[Any]]:
    rooms: dict[str | None, list[Any]] = {}
    for pdu in pdus:
        room_id = pdu.get("room_id") if isinstance(pdu, dict) else None
        rooms.setdefault(room_id if isinstance(room_id, str) else None, []).append(pdu)
    return rooms
