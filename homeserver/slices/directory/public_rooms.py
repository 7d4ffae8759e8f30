"""The list of public rooms, filtered and paged.

https://spec.matrix.org/v1.19/client-server-api/#published-room-directory
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from homeserver.database import Database
from homeserver.protocol.errors import invalid_param
from homeserver.slices.directory import queries

MOST_A_PAGE = 500


class DescribeRoom(Protocol):
    """What a room says of itself."""

    async def __call__(self, room_id: str) -> dict[str, Any] | None:
        """The entry of the public room list, with `num_joined_members`; None for a room that is gone."""


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What is asked for. `room_types`: None for all; a None within stands for rooms without a type."""

    limit: int = MOST_A_PAGE
    since: str | None = None
    search_term: str | None = None
    room_types: tuple[str | None, ...] | None = None


class PublicRooms:
    """Lists the rooms this server publishes."""

    def __init__(self, database: Database, describe: DescribeRoom, *, is_open: bool = True) -> None:
        self._database = database
        self._describe = describe
        self._is_open = is_open

    async def page(self, wanted: ListRequest) -> dict[str, Any]:
        """One page, largest rooms first; an empty one where the operator has closed the list."""
        offset = _offset(wanted.since)
        entries = []
        for room_id in await self._database.glance(queries.published) if self._is_open else ():
            entry = await self._describe(room_id)
            if entry is not None and _fits(entry, wanted):
                entries.append(entry)
        entries.sort(key=lambda entry: (-entry["num_joined_members"], entry["room_id"]))
        limit = max(0, min(wanted.limit, MOST_A_PAGE))
        body: dict[str, Any] = {
            "chunk": entries[offset : offset + limit],
            "total_room_count_estimate": len(entries),
        }
        if offset + limit < len(entries):
            body["next_batch"] = f"p{offset + limit}"
        if offset:
            body["prev_batch"] = f"p{max(0, offset - limit)}"
        return body


def list_request(body: dict[str, Any]) -> ListRequest:
    """Check the body of `POST /publicRooms`."""
    limit, since = body.get("limit"), body.get("since")
    wanted = body.get("filter") or {}
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool)):
        raise invalid_param("limit: must be a number.")
    if since is not None and not isinstance(since, str):
        raise invalid_param("since: must be a string.")
    if not isinstance(wanted, dict):
        raise invalid_param("filter: must be an object.")
    term, types = wanted.get("generic_search_term"), wanted.get("room_types")
    if term is not None and not isinstance(term, str):
        raise invalid_param("filter.generic_search_term: must be a string.")
    if types is not None and not (
        isinstance(types, list) and all(one is None or isinstance(one, str) for one in types)
    ):
        raise invalid_param("filter.room_types: must be a list of strings.")
    return ListRequest(limit or MOST_A_PAGE, since, term or None, None if types is None else tuple(types))


def _offset(since: str | None) -> int:
    if not since:
        return 0
    if not since.startswith("p") or not since[1:].isdecimal() or len(since) > 10:
        raise invalid_param("since: this is no token of this server.")
    return int(since[1:])


def _fits(entry: dict[str, Any], wanted: ListRequest) -> bool:
    if wanted.room_types is not None and entry.get("room_type") not in wanted.room_types:
        return False
    if wanted.search_term is None:
        return True
    term = wanted.search_term.casefold()
    return any(term in str(entry.get(key, "")).casefold() for key in ("name", "topic", "canonical_alias"))
