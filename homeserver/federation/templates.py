"""Templates of membership events, which other servers give, and the events that are made of them.

A template says where in the room's graph the event belongs. What the event says is up to this server: of a template
only those fields are taken that it cannot know, so that no server gets anything else signed.

https://spec.matrix.org/v1.19/server-server-api/#joining-rooms
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from homeserver.federation.identity import Identity
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.events import Event, InvalidEvent, NewEvent, new_event
from homeserver.protocol.room_versions import ROOM_VERSIONS, RoomVersion
from homeserver.rooms.service import wall_clock_ms

Json = dict[str, Any]

_MOST_REFERENCES = 20


class TemplateSource(Protocol):
    """Other servers."""

    async def make_membership(
        self, destination: str, membership: str, room_id: str, user_id: str, versions: Sequence[str]
    ) -> tuple[Json, str]:
        """(template, room version) of a `join`, `leave` or `knock`; raises `MatrixError`."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a local user wants to be in a room that other servers are in: `membership` is `join`, `leave` or `knock`."""

    membership: str
    room_id: str
    user_id: str
    content: Json


class Templates:
    """Makes membership events."""

    def __init__(self, source: TemplateSource, identity: Identity) -> None:
        self._source = source
        self._identity = identity

    async def build(self, server: str, wish: Wish) -> Event:
        """Ask for a template, and build and sign an event of our own from those of its fields that may differ.

        Raises `MatrixError`: 400 `M_UNSUPPORTED_ROOM_VERSION`, 502 for a template that leads to no event.
        """
        template, version_id = await self._source.make_membership(
            server, wish.membership, wish.room_id, wish.user_id, list(ROOM_VERSIONS)
        )
        version = ROOM_VERSIONS.get(version_id)
        if version is None:
            raise MatrixError(
                400,
                "M_UNSUPPORTED_ROOM_VERSION",
                f"The room's version {version_id!r} is not supported.",
                room_version=version_id,
            )
        try:
            draft = _draft(template, wish, version)
            return new_event(draft, version, lambda pdu: self._identity.sign_event(pdu, version))
        except InvalidEvent as error:
            raise MatrixError(502, "M_UNKNOWN", f"{server} gave a template that is no event: {error}.") from error


def _draft(template: Json, wish: Wish, version: RoomVersion) -> NewEvent:
    content = wish.content
    if wish.membership == "join" and version.restricted_joins:
        authoriser = _content(template).get("join_authorised_via_users_server")
        if isinstance(authoriser, str):
            content = {**content, "join_authorised_via_users_server": authoriser}
    return NewEvent(
        room_id=wish.room_id,
        type="m.room.member",
        sender=wish.user_id,
        state_key=wish.user_id,
        content={**content, "membership": wish.membership},
        depth=_depth(template),
        origin_server_ts=wall_clock_ms(),
        prev_events=_references(template, "prev_events", version),
        auth_events=_references(template, "auth_events", version),
        reference_hashes=_hashes(template, version),
    )


def _content(template: Json) -> Json:
    content = template.get("content")
    return content if isinstance(content, dict) else {}


def _depth(template: Json) -> int:
    depth = template.get("depth")
    if not isinstance(depth, int) or isinstance(depth, bool) or depth < 0:
        raise InvalidEvent("it has no depth")
    return min(depth, 2**53 - 1)


def _references(template: Json, key: str, version: RoomVersion) -> list[str]:
    value = template.get(key)
    entries = value if isinstance(value, list) else []
    if version.references_are_pairs:
        entries = [entry[0] for entry in entries if isinstance(entry, list) and entry]
    return [entry for entry in entries if isinstance(entry, str)][:_MOST_REFERENCES]


def _hashes(template: Json, version: RoomVersion) -> dict[str, str]:
    """Room versions 1 and 2 cite events with their hashes."""
    if not version.references_are_pairs:
        return {}
    pairs = [entry for key in ("prev_events", "auth_events") for entry in template.get(key, []) or []]
    return {
        entry[0]: entry[1]["sha256"]
        for entry in pairs
        if isinstance(entry, list)
        and len(entry) == 2
        and isinstance(entry[0], str)
        and isinstance(entry[1], dict)
        and isinstance(entry[1].get("sha256"), str)
    }
