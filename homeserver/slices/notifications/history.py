"""What has notified a user, as their rules are now. Nothing is written for it: it is found in the rooms' events.

https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3notifications
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from homeserver.database import Database, Transaction
from homeserver.protocol.errors import invalid_param
from homeserver.protocol.push_evaluation import Outcome
from homeserver.rooms.counting import OccasionParts, RoomOccasion
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import ReadPlace
from homeserver.rooms.views import Viewer
from homeserver.slices.notifications import queries_history
from homeserver.slices.notifications.queries_history import Past
from homeserver.slices.notifications.records import LAST_NID, MAIN, Named
from homeserver.slices.notifications.room_rules import RoomRules
from homeserver.slices.notifications.unread import is_read

_TOKEN = re.compile(r"([0-9]{1,18})_([0-9]{1,19})")
#: Positions looked at in one step, and how many events in one request: where few of them notify, an answer may hold
#: less than was asked for, and a token to go on with.
_STEP = 2_000
_MOST_LOOKED_AT = 2_000
_MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page: how many, those highlighted alone, and after which token."""

    limit: int
    is_highlighted: bool = False
    token: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    past: Past
    outcome: Outcome


class NotificationHistory:
    """Looks it up."""

    def __init__(self, database: Database, parts: RoomParts, rules: RoomRules) -> None:
        self._database = database
        self._parts = parts
        self._rules = rules

    async def page(self, viewer: Viewer, wanted: Wanted) -> dict[str, Any]:
        """`notifications`, the newest first, and a `next_token` where there may be more. Raises `MatrixError` 400
        `M_INVALID_PARAM` for a token that is none."""
        before = _place(wanted.token)
        return await self._database.read(self._page, viewer, wanted, before)

    def _page(self, tx: Transaction, viewer: Viewer, wanted: Wanted, before: ReadPlace | None) -> dict[str, Any]:
        first = queries_history.first_join(tx, viewer.user_id)
        if first is None:
            return {"notifications": []}
        place = before or ReadPlace(queries_history.last_position(tx, viewer.user_id), LAST_NID)
        found: list[_Found] = []
        looked_at = 0
        for _ in range(_MOST_STEPS):
            after = max(first - 1, place.position - _STEP)
            events = queries_history.events_between(tx, viewer.user_id, after, place)
            for one in self._notifying(tx, viewer.user_id, events, is_highlighted=wanted.is_highlighted):
                found.append(one)
                if len(found) == wanted.limit:
                    return self._answer(tx, viewer, found, one.past.place)
            looked_at += len(events)
            place = ReadPlace(after, LAST_NID)
            if after < first:
                return self._answer(tx, viewer, found, None)
            if looked_at >= _MOST_LOOKED_AT:
                break
        return self._answer(tx, viewer, found, place)

    def _notifying(
        self, tx: Transaction, user_id: str, events: list[Past], *, is_highlighted: bool
    ) -> Iterator[_Found]:
        rules = self._rules.read(tx, [user_id])[user_id]
        parts = OccasionParts(self._parts.snapshots, self._parts.loader)
        for start in range(0, len(events), 100):
            part = events[start : start + 100]
            stored = self._parts.loader.stored_by_nid(tx, [past.place.event_nid for past in part])
            for past in part:
                one = stored.get(past.place.event_nid)
                if one is None or one.state_before is None:
                    continue
                outcome = rules.outcome(RoomOccasion(tx, parts, one.event, past.room_nid, one.state_before), user_id)
                if outcome is not None and outcome.figure.notify and (outcome.figure.highlight or not is_highlighted):
                    yield _Found(past, outcome)

    def _answer(self, tx: Transaction, viewer: Viewer, found: list[_Found], place: ReadPlace | None) -> dict[str, Any]:
        nids = [one.past.place.event_nid for one in found]
        raws = dict(
            zip(nids, self._parts.views.raws(tx, viewer, nids, is_bundled=False, names_room=False), strict=True)
        )
        events = self._parts.loader.get_many(tx, nids)
        answer: dict[str, Any] = {
            "notifications": [
                {
                    "actions": list(one.outcome.actions),
                    "event": raws[nid],
                    "profile_tag": None,
                    "read": is_read(
                        tx, viewer.user_id, Named(one.past.room_nid, one.past.thread_id or MAIN, one.past.place)
                    ),
                    "room_id": events[nid].room_id,
                    "ts": events[nid].origin_server_ts,
                }
                for nid, one in zip(nids, found, strict=True)
            ]
        }
        if place is not None:
            answer["next_token"] = f"{place.position}_{place.event_nid}"
        return answer


def _place(token: str | None) -> ReadPlace | None:
    if token is None:
        return None
    match = _TOKEN.fullmatch(token)
    if match is None or int(match[2]) > LAST_NID:
        raise invalid_param("from: must be the next_token of an earlier answer.")
    return ReadPlace(int(match[1]), int(match[2]))
