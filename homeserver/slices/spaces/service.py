"""Walking through spaces, and summarising rooms, with the help of other servers where this one is not inside.

https://spec.matrix.org/v1.19/client-server-api/#spaces
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from homeserver.protocol.errors import MatrixError, forbidden, invalid_param, not_found
from homeserver.rooms.summaries import RoomSummaries, RoomSummary
from homeserver.slices.spaces.tree import Child, children_in_order

Json = dict[str, Any]

AskServer = Callable[[str, str], Awaitable[tuple[RoomSummary, list[RoomSummary]]]]
"""(server, room id) to (the room's summary, those of its children that it may tell of); raises `MatrixError`."""

#: How long another server's answer is kept.
_KEPT_S = 300.0
_MOST_KEPT = 1_000
_MOST_SERVERS = 3
_MOST_ROOMS = 2_000


@dataclass(frozen=True, slots=True)
class Walk:
    """What part of a space is asked for: from room `offset` on, at most `limit` rooms, `max_depth` levels down."""

    room_id: str
    limit: int
    max_depth: int
    only_suggested: bool
    offset: int = 0

    def token(self, offset: int) -> str:
        """A token for what comes after so many rooms; it holds what may not change on the way."""
        return f"h{offset}_{self.max_depth}_{int(self.only_suggested)}"

    def read_token(self, token: str) -> int:
        """The offset in a token; 400 `M_INVALID_PARAM` for one of another walk."""
        offset = token[1:].partition("_")[0]
        if not offset.isdecimal() or len(offset) > 6 or token != self.token(int(offset)):
            raise invalid_param("from: is no token of this walk.")
        return int(offset)


class Spaces:
    """Answers about rooms from outside."""

    def __init__(self, summaries: RoomSummaries, ask_server: AskServer, server_name: str) -> None:
        self._summaries = summaries
        self._ask_server = ask_server
        self._server_name = server_name
        self._kept: OrderedDict[str, tuple[float, RoomSummary, list[RoomSummary]]] = OrderedDict()

    async def hierarchy(self, walk: Walk, user_id: str) -> Json:
        """The rooms of a space, depth first, as far as the user may see them; 403 where they may not see it itself."""
        rooms: list[Json] = []
        seen: set[str] = set()
        known: dict[str, RoomSummary] = {}
        stack = [(Child(walk.room_id, ()), 0)]
        while stack and len(seen) < _MOST_ROOMS and len(rooms) <= walk.offset + walk.limit:
            child, depth = stack.pop()
            if child.room_id in seen:
                continue
            seen.add(child.room_id)
            summary = await self._find(child, known)
            if summary is None or not await self._summaries.may_user_see(summary, user_id):
                if depth == 0:
                    raise forbidden("You may not see this space.")
                continue
            own = children_in_order(summary.children, only_suggested=walk.only_suggested)
            rooms.append({**summary.about, "children_state": self._told(summary, own)})
            if depth < walk.max_depth:
                stack.extend((one, depth + 1) for one in reversed(own))
        end = walk.offset + walk.limit
        answer: Json = {"rooms": rooms[walk.offset : end]}
        if len(rooms) > end:
            answer["next_batch"] = walk.token(end)
        return answer

    async def summary(self, room_id: str, via: Iterable[str], user_id: str | None) -> Json:
        """A room's summary for a user, or for somebody without an account; 404 `M_NOT_FOUND`."""
        known: dict[str, RoomSummary] = {}
        summary = await self._find(Child(room_id, tuple(via)), known)
        if summary is None or not await self._summaries.may_user_see(summary, user_id):
            raise not_found("There is no such room, or you may not see it.")
        membership = None if user_id is None else await self._summaries.find_membership(room_id, user_id)
        return summary.about if membership is None else {**summary.about, "membership": membership}

    async def for_server(self, room_id: str, origin: str, *, only_suggested: bool) -> Json:
        """What another server may know of a room here and of its children; 404 `M_NOT_FOUND`."""
        summary = await self._summaries.find_local(room_id)
        if summary is None or not await self._summaries.may_server_see(summary, origin):
            raise not_found("There is no such room, or your server may not see it.")
        own = children_in_order(summary.children, only_suggested=only_suggested)
        children: list[Json] = []
        inaccessible: list[str] = []
        for child in own:
            one = await self._summaries.find_local(child.room_id)
            if one is None:
                continue
            if await self._summaries.may_server_see(one, origin):
                children.append(one.about)
            else:
                inaccessible.append(child.room_id)
        room = {**summary.about, "children_state": self._told(summary, own)}
        return {"room": room, "children": children, "inaccessible_children": inaccessible}

    @staticmethod
    def _told(summary: RoomSummary, own: list[Child]) -> list[Json]:
        """The child events of the children that are told of, in their order."""
        events = {event.get("state_key"): event for event in summary.children}
        return [events[child.room_id] for child in own]

    async def _find(self, child: Child, known: dict[str, RoomSummary]) -> RoomSummary | None:
        """This server's own summary, else what another server says. `known`: summaries that came with a parent; of a
        space its own server has to be asked, since they lack its children."""
        local = await self._summaries.find_local(child.room_id)
        if local is not None:
            return local
        told = known.get(child.room_id)
        if told is not None and told.about.get("room_type") != "m.space":
            return told
        for server in [one for one in child.via if one != self._server_name][:_MOST_SERVERS]:
            try:
                summary, children = await self._ask(server, child.room_id)
            except MatrixError:
                continue
            known.update({one.room_id: one for one in children})
            return summary
        return told

    async def _ask(self, server: str, room_id: str) -> tuple[RoomSummary, list[RoomSummary]]:
        kept = self._kept.get(room_id)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1], kept[2]
        summary, children = await self._ask_server(server, room_id)
        self._kept[room_id] = (time.monotonic() + _KEPT_S, summary, children)
        self._kept.move_to_end(room_id)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return summary, children
