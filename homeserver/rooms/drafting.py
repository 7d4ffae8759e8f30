"""From what a user wants to send to the draft of an event, or the reason why it is not to be sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from homeserver.protocol.errors import MatrixError, bad_json, forbidden, invalid_param, not_found, suspended
from homeserver.protocol.requester import Requester
from homeserver.rooms.records import EventDraft
from homeserver.rooms.service import Rooms, TransactionKey

CheckRelation = Callable[[str, str, dict[str, Any]], Awaitable[None]]
"""(user id, event type, content); raises 400 where what the event says of another one may not be said."""

CheckAliases = Callable[[str, dict[str, Any], dict[str, Any]], Awaitable[None]]
"""(room id, old content, new content) of `m.room.canonical_alias`; raises 400 `M_BAD_ALIAS`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user wants to send to a room; `state_key` None: no state."""

    room_id: str
    type: str
    content: dict[str, Any]
    state_key: str | None = None


class Drafting:
    """Looks at what a user wants to send before the room's rules do."""

    def __init__(self, rooms: Rooms, check_aliases: CheckAliases, check_relation: CheckRelation) -> None:
        self._rooms = rooms
        self._check_aliases = check_aliases
        self._check_relation = check_relation

    async def draft(self, wanted: Wanted, requester: Requester, txn: TransactionKey | None = None) -> EventDraft:
        """The draft of it. Raises `MatrixError`: 403 `M_USER_SUSPENDED`, 400 for what its content may not say, and for
        redactions what `redaction` raises."""
        if wanted.state_key is None and wanted.type == "m.room.redaction":
            return await self.redaction(wanted.room_id, _redacted_id(wanted.content), wanted.content, requester)
        if requester.is_suspended:
            raise suspended()
        if wanted.type == "m.room.tombstone" and wanted.content.get("replacement_room") == wanted.room_id:
            raise invalid_param("replacement_room: a room cannot replace itself.")
        draft = EventDraft(wanted.type, requester.user_id, wanted.content, state_key=wanted.state_key)
        if wanted.state_key is not None:
            await self._check_state(wanted)
        elif "m.relates_to" in wanted.content:
            await self._check_related(draft, txn)
        return draft

    async def redaction(self, room_id: str, event_id: str, content: dict[str, Any], requester: Requester) -> EventDraft:
        """A redaction that the requester may send; who is suspended redacts their own events alone."""
        room = await self._rooms.get_room_of(room_id, requester.user_id)
        target = await self._rooms.find_event(event_id)
        if target is not None and target.event.room_id != room.room_id:
            raise invalid_param("The event is of another room.")
        if target is None:
            raise not_found("There is no such event in the room.")
        if requester.is_suspended and target.event.sender != requester.user_id:
            raise suspended()
        if target.event.type == "m.room.create":
            raise forbidden("The event that made the room cannot be redacted.")
        await self._rooms.check_may_redact(room, requester.user_id, target)
        if room.version.redacts_in_content:
            content = {**content, "redacts": event_id}
        return EventDraft("m.room.redaction", requester.user_id, content, redacts=event_id)

    async def _check_related(self, draft: EventDraft, txn: TransactionKey | None) -> None:
        """What may be said of another event once may be repeated with the same transaction id."""
        try:
            await self._check_relation(draft.sender, draft.type, draft.content)
        except MatrixError:
            if txn is None or not await self._rooms.was_sent(txn):
                raise

    async def _check_state(self, wanted: Wanted) -> None:
        if wanted.type == "m.room.canonical_alias" and wanted.state_key == "":
            old = await self._old_content(wanted.room_id, (wanted.type, ""))
            await self._check_aliases(wanted.room_id, old, wanted.content)

    async def _old_content(self, room_id: str, key: tuple[str, str]) -> dict[str, Any]:
        room = await self._rooms.find_room(room_id)
        event = None if room is None else await self._rooms.find_state_event(room.room_nid, key)
        return {} if event is None else dict(event.content)


def _redacted_id(content: dict[str, Any]) -> str:
    redacts = content.get("redacts")
    if not isinstance(redacts, str):
        raise bad_json("redacts: must be an event id.")
    return redacts
