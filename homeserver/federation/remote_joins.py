"""Joining a room of other servers.

https://spec.matrix.org/v1.19/server-server-api/#joining-rooms
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from typing import Any, Protocol

from homeserver.federation.admission import Admission
from homeserver.federation.client_memberships import JoinAnswer
from homeserver.federation.pdu_checks import PduChecks, Refused
from homeserver.federation.room_spool import RoomSpool
from homeserver.federation.streaming import Sink
from homeserver.federation.templates import Templates, Wish
from homeserver.protocol.errors import MatrixError, not_found
from homeserver.protocol.events import Event
from homeserver.rooms.importing import Importer, JoinedRoom
from homeserver.rooms.records import Unchecked

logger = logging.getLogger(__name__)

Json = dict[str, Any]

MOST_SERVERS = 8
"""So many of the servers that may lead to a room are tried."""

_MOST_IN_ROOM = 50_000
_DECISIVE = frozenset({("m.room.create", ""), ("m.room.power_levels", ""), ("m.room.join_rules", "")})


class JoinCalls(Protocol):
    """What is asked of another server; raises `MatrixError` where it fails."""

    def healthy_first(self, servers: Sequence[str]) -> list[str]:
        """Servers in the order in which to try them."""

    async def send_join(self, destination: str, join: Event, sink: Sink, *, omit_members: bool) -> JoinAnswer:
        """Deliver a join; the events of the answer go to the sink."""


class RemoteJoins:
    """Joins rooms with the help of servers that are in them."""

    def __init__(
        self, admission: Admission, peer: JoinCalls, checks: PduChecks, importer: Importer, templates: Templates
    ) -> None:
        self._admission = admission
        self._peer = peer
        self._checks = checks
        self._importer = importer
        self._templates = templates
        self._complete: Callable[[str], Awaitable[None]] = _leave_as_it_is
        self._check_late: Callable[[], None] = lambda: None

    def on_partial(self, complete: Callable[[str], Awaitable[None]]) -> None:
        """Have the members fetched of rooms, by their ids, that are joined without them."""
        self._complete = complete

    def on_unchecked(self, check_late: Callable[[], None]) -> None:
        """Have what could not be checked of a room's state checked later."""
        self._check_late = check_late

    async def join(self, wish: Wish, via: Sequence[str]) -> str:
        """Join through the first server that lets the user in; the join event's id."""
        errors: list[MatrixError] = []
        for server in self._peer.healthy_first(via)[:MOST_SERVERS]:
            try:
                return await self._join_via(server, wish)
            except MatrixError as error:
                logger.info("joining %s through %s failed: %s", wish.room_id, server, error.message)
                errors.append(error)
        raise most_telling(errors, f"No server could be found through which to join {wish.room_id}.")

    async def _join_via(self, server: str, wish: Wish) -> str:
        event = await self._templates.build(server, wish)
        # Of several joins that meet, one may have the room begin without its members.
        may_omit = not self._admission.is_joining(wish.room_id) and await self._importer.is_new(wish.room_id)
        with (
            self._admission.joining(wish.room_id, event.version),
            closing(RoomSpool(self._checks, wish.room_id, event.version, "state")) as spool,
        ):
            answer = await self._peer.send_join(server, event, spool, omit_members=may_omit)
            await spool.finish()
            own = await self._own(server, event, answer)
            _check_create(server, event, spool)
            await self._importer.keep_outliers(event, spool.batches())
            servers = answer.servers[:_MOST_IN_ROOM] if answer.is_partial else None
            unchecked = await spool.left_over(self._importer.lacking)
            _check_decisive(server, event, unchecked)
            await self._importer.join(JoinedRoom(own, spool.state_ids, server, servers, unchecked))
        if unchecked:
            self._check_late()
        if answer.is_partial:
            await self._complete(wish.room_id)
        return event.event_id

    async def _own(self, server: str, event: Event, answer: JoinAnswer) -> Event:
        """The join with the signature of the server that vouches for it, where one has to."""
        if answer.event is None or "join_authorised_via_users_server" not in event.content:
            return event
        (checked,) = await self._checks.check([answer.event], event.version)
        if isinstance(checked, Refused) or checked.event_id != event.event_id:
            raise MatrixError(502, "M_UNKNOWN", f"{server} answered the join with another event.")
        return checked


async def _leave_as_it_is(_: str) -> None:
    """Fetch nothing."""


def _check_create(server: str, event: Event, spool: RoomSpool) -> None:
    """Bad events are dropped, but the create event must be there."""
    create = spool.create
    if create is None or create.content.get("room_version", "1") != event.version.version:
        raise MatrixError(502, "M_UNKNOWN", f"{server} gave a state without the right create event.")


def _check_decisive(server: str, event: Event, unchecked: Sequence[Unchecked]) -> None:
    """Raise 502 where what cannot be checked decides who may do what: a room without it would be another room."""
    missing = sorted({one.key[0] for one in unchecked if one.key is not None and one.key in _DECISIVE})
    if missing:
        names = ", ".join(missing)
        raise MatrixError(
            502,
            "M_UNKNOWN",
            f"The keys that {names} of the room is signed with cannot be had now, neither from its server nor by "
            f"way of others; try again later ({server} was asked).",
        )
    if unchecked:
        logger.warning(
            "%d pieces of the state of %s cannot be checked now: the keys that they are signed with cannot be had",
            len(unchecked),
            event.room_id,
        )


def most_telling(errors: Sequence[MatrixError], otherwise: str) -> MatrixError:
    """The error to pass on: one that says why, before one that says that a server could not be reached."""
    for error in errors:
        if error.status in (400, 403, 404) and error.errcode != "M_UNRECOGNIZED":
            return MatrixError(error.status, error.errcode, error.message, **error.extra)
    return errors[0] if errors else not_found(otherwise)
