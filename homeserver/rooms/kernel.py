"""The parts of the rooms package, made once and handed to those who need them."""

from __future__ import annotations

from dataclasses import dataclass

from homeserver.database import CacheBudget, ChangeFeed
from homeserver.rooms.append import Appender
from homeserver.rooms.composing import Composer, SignEvent
from homeserver.rooms.current import CurrentState
from homeserver.rooms.joined_members import JoinedMembers
from homeserver.rooms.loading import EventLoader
from homeserver.rooms.outliers import Outliers
from homeserver.rooms.receiving import Receiver
from homeserver.rooms.redacting import Redactor
from homeserver.rooms.rejudging import Rejudging
from homeserver.rooms.rendering import Renderer
from homeserver.rooms.resolving import Resolver
from homeserver.rooms.snapshots import Snapshots
from homeserver.rooms.state_answers import StateAnswers
from homeserver.rooms.unseen import UnseenMembers
from homeserver.rooms.views import EventViews
from homeserver.rooms.visibility import Visibility

LATE_STATE = "late_state"
"""The topic of states that have come to hold more: number of the snapshot that they build on, how much it holds."""


@dataclass(frozen=True, slots=True)
class RoomParts:
    """What works on rooms within a transaction."""

    snapshots: Snapshots
    loader: EventLoader
    resolver: Resolver
    appender: Appender
    composer: Composer
    receiver: Receiver
    outliers: Outliers
    rejudging: Rejudging
    visibility: Visibility
    renderer: Renderer
    current: CurrentState
    redactor: Redactor
    views: EventViews
    unseen: UnseenMembers
    joined: JoinedMembers
    states: StateAnswers


def make_parts(server_name: str, sign: SignEvent, budget: CacheBudget, feed: ChangeFeed) -> RoomParts:
    """Make the parts; what they cache follows the change feed."""
    snapshots = Snapshots(budget.cache("state_snapshots"), budget.cache("state_deltas"), budget.cache("state_entries"))
    loader = EventLoader(budget.cache("events"), budget.cache("placed_events"))
    visibility = Visibility(snapshots, loader)
    renderer = Renderer(budget.cache("rendered_events"), loader, visibility)
    resolver = Resolver(snapshots, loader)
    current = CurrentState(snapshots, loader, server_name)
    redactor = Redactor(snapshots, loader)
    appender = Appender(snapshots, loader, resolver, current, redactor)
    unseen = UnseenMembers(snapshots, loader, resolver)
    receiver = Receiver(snapshots, loader, resolver, appender, unseen)
    outliers = Outliers(loader)
    rejudging = Rejudging(snapshots, loader, resolver, appender, current, receiver)
    outliers.on_known.append(rejudging.make_whole)
    views = EventViews(loader, renderer, visibility)
    parts = RoomParts(
        snapshots=snapshots,
        loader=loader,
        resolver=resolver,
        appender=appender,
        composer=Composer(snapshots, loader, resolver, appender, sign),
        receiver=receiver,
        rejudging=rejudging,
        outliers=outliers,
        visibility=visibility,
        renderer=renderer,
        current=current,
        redactor=redactor,
        views=views,
        unseen=unseen,
        joined=JoinedMembers(budget.cache("joined_members"), snapshots, loader),
        states=StateAnswers(budget.cache("state_answers"), views, snapshots, loader, visibility),
    )
    feed.subscribe(LATE_STATE, lambda changes: _amend(parts, [change.key.split() for change in changes]))
    feed.subscribe("redacted", lambda changes: _drop(parts, [int(change.key) for change in changes]))
    feed.subscribe("moved", lambda changes: _drop_places(parts, [int(change.key) for change in changes]))
    return parts


def _amend(parts: RoomParts, amended: list[list[str]]) -> None:
    news = [parts.snapshots.amend(int(snapshot_nid), int(count)) for snapshot_nid, count in amended]
    if any(news):
        parts.resolver.forget()


def _drop_places(parts: RoomParts, nids: list[int]) -> None:
    parts.loader.drop_places(nids)
    parts.renderer.drop(nids)


def _drop(parts: RoomParts, nids: list[int]) -> None:
    parts.loader.drop(nids)
    parts.renderer.drop(nids)


def room_lock(room_nid: int) -> str:
    """The name of the lock that orders what is appended to a room."""
    return f"room:{room_nid}"
