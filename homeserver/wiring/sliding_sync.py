"""Sliding sync: the same rooms and slices as `/sync`, told in another way."""

from __future__ import annotations

from dataclasses import dataclass

from homeserver.accounts.kernel import AccountParts
from homeserver.sync.invites import UnwantedInvites
from homeserver.sync.sliding.activity import Activity
from homeserver.sync.sliding.composing import ExtensionTellers, RoomTellers, SlidingComposer
from homeserver.sync.sliding.connections import Connections
from homeserver.sync.sliding.contents import RoomContents
from homeserver.sync.sliding.describing import Describing
from homeserver.sync.sliding.device_extensions import DeviceExtensions
from homeserver.sync.sliding.endpoints import SlidingSyncEndpoints
from homeserver.sync.sliding.extensions import RoomExtensions
from homeserver.sync.sliding.filters import Filtering
from homeserver.sync.sliding.lists import RoomLists
from homeserver.sync.sliding.other_rooms import OtherRooms
from homeserver.sync.sliding.profiles import ProfileExtension
from homeserver.sync.sliding.rooms import JoinedRooms
from homeserver.sync.sliding.service import SlidingSync, Waiting
from homeserver.sync.sliding.sources import SlidingSources
from homeserver.sync.sliding.threads import ThreadSubscriptionExtension
from homeserver.wiring.ground import Ground
from homeserver.wiring.syncing import Syncing


@dataclass(frozen=True, slots=True)
class Sliding:
    """`connections` is reaped now and then."""

    connections: Connections
    endpoints: list[object]


def wire_sliding_sync(ground: Ground, syncing: Syncing, sources: SlidingSources, accounts: AccountParts) -> Sliding:
    """Make it, and have it told of devices that go."""
    database, rooms, budget = ground.database, ground.rooms, ground.budget
    connections = Connections(database, budget.cache("sliding_connections"))
    accounts.devices.on_devices_deleted.append(connections.delete_devices)
    device = DeviceExtensions(sources.encryption)
    extensions = ExtensionTellers(
        RoomExtensions(sources, syncing.timeline, ground.parts.loader),
        device,
        ProfileExtension(sources.profiles),
        ThreadSubscriptionExtension(sources.threads),
    )
    composer = SlidingComposer(sources, _tellers(ground, syncing, sources), extensions)
    waiting = Waiting(database, syncing.polling, rooms.occupancy, ground.reactor)
    sliding = SlidingSync(waiting, connections, composer, device, sources.usual.presence)
    return Sliding(connections, [SlidingSyncEndpoints(sliding)])


def _tellers(ground: Ground, syncing: Syncing, sources: SlidingSources) -> RoomTellers:
    parts, timeline, budget = ground.parts, syncing.timeline, ground.budget
    activity = Activity(budget.cache("last_events"), budget.cache("bump_stamps"), ground.database.feed)
    contents = RoomContents(parts)
    unwanted = UnwantedInvites(parts.loader, sources.usual.account_data)
    describing = Describing(parts, timeline, activity)
    return RoomTellers(
        lists=RoomLists(parts, activity, unwanted, budget.cache("departures")),
        filtering=Filtering(parts, timeline, sources.room_account_data, budget.cache("room_types")),
        joined=JoinedRooms(timeline, contents, describing, sources.usual.notifications, ground.rooms.partial),
        others=OtherRooms(parts, timeline, contents, describing),
    )
