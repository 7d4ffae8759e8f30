"""Making events of other servers' JSON: format, signatures, content hash.

https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu (rules 1 to 3)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from homeserver.federation.event_signatures import Fault
from homeserver.protocol.errors import bad_json, invalid_param
from homeserver.protocol.events import Event, InvalidEvent, parse_event
from homeserver.protocol.hashing import check_content_hash
from homeserver.protocol.redaction import redact
from homeserver.protocol.room_versions import RoomVersion


class SignatureChecker(Protocol):
    """Checks signatures of events, fetching the keys it lacks."""

    async def verify_events(self, events: Sequence[Event]) -> list[Fault | None]:
        """For each event None where all required signatures are good, else why not."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A PDU that is no event: `event_id` where one could be told; `is_unsigned`: for want of a good signature.
    `is_passing`: for want of a key that may be had later."""

    event_id: str | None
    reason: str
    is_unsigned: bool = False
    is_passing: bool = False


def check_not_refused(checked: Event | Refused) -> Event:
    """The event; raises `MatrixError` 400, `M_INVALID_PARAM` for want of a good signature and else `M_BAD_JSON`."""
    if isinstance(checked, Event):
        return checked
    message = f"The event is refused: {checked.reason}."
    raise invalid_param(message) if checked.is_unsigned else bad_json(message)


class PduChecks:
    """Turns PDUs into events."""

    def __init__(self, signatures: SignatureChecker) -> None:
        self._signatures = signatures

    async def check(self, pdus: Sequence[Any], version: RoomVersion) -> list[Event | Refused]:
        """An event for each PDU, in its redacted form where the content hash is wrong; or why it is refused."""
        parsed = [_parsed(pdu, version) for pdu in pdus]
        events = [event for event in parsed if isinstance(event, Event)]
        faults = dict(zip((id(event) for event in events), await self._signatures.verify_events(events), strict=True))
        return [_decided(one, faults.get(id(one))) for one in parsed]

    async def events(self, pdus: Sequence[Any], version: RoomVersion, room_id: str) -> list[Event]:
        """Those of the PDUs that are good events of a room."""
        checked = await self.check(pdus, version)
        return [one for one in checked if isinstance(one, Event) and one.room_id == room_id]


def _parsed(pdu: Any, version: RoomVersion) -> Event | Refused:
    if not isinstance(pdu, dict):
        return Refused(None, "a PDU must be an object")
    if "signatures" not in pdu or "hashes" not in pdu:
        return Refused(None, "not signed", is_unsigned=True)
    try:
        return parse_event(pdu, version)
    except InvalidEvent as error:
        return Refused(None, str(error))


def _decided(one: Event | Refused, fault: Fault | None) -> Event | Refused:
    if isinstance(one, Refused):
        return one
    if fault is not None:
        return Refused(one.event_id, fault.reason, is_unsigned=True, is_passing=fault.is_passing)
    if check_content_hash(one.pdu, one.version):
        return one
    try:
        return parse_event(redact(one.pdu, one.version), one.version)
    except InvalidEvent as error:
        return Refused(one.event_id, str(error))
