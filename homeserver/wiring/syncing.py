"""`/sync` and its forerunners, which put together what rooms and slices say has changed."""

from __future__ import annotations

from dataclasses import dataclass

from homeserver.rooms.reading import RoomReading
from homeserver.rooms.timeline import TimelineReader
from homeserver.sync.answer import AnswerComposer
from homeserver.sync.encryption import EncryptionSection
from homeserver.sync.endpoints import FindFilter, SyncEndpoints
from homeserver.sync.endpoints_events import EventStreamEndpoints
from homeserver.sync.event_stream import EventStream
from homeserver.sync.initial_sync import InitialSync, IsPublished, RoomSource
from homeserver.sync.lazy_members import SentMembers
from homeserver.sync.polling import Polling
from homeserver.sync.service import Sync
from homeserver.sync.sources import Sources
from homeserver.sync.streams import Streams
from homeserver.wiring.ground import Ground


@dataclass(frozen=True, slots=True)
class Syncing:
    """`polling` ends the waits when the server stops."""

    polling: Polling
    timeline: TimelineReader
    endpoints: list[object]


def wire_syncing(
    ground: Ground,
    streams: Streams,
    sources: Sources,
    encryption: EncryptionSection,
    find_filter: FindFilter,
    is_published: IsPublished,
) -> Syncing:
    """Make it all."""
    database, rooms, parts = ground.database, ground.rooms, ground.parts
    polling = Polling(database, streams, ground.reactor, sources.presence.settled)
    timeline = TimelineReader(parts.snapshots, parts.loader, parts.visibility)
    composer = AnswerComposer(parts, timeline, sources, SentMembers(), rooms.partial, [encryption])
    sync = Sync(database, polling, composer, rooms.occupancy, sources.presence, encryption)
    source = RoomSource(rooms, RoomReading(database, rooms, parts), is_published)
    events = EventStream(database, rooms, parts, sources, polling)
    initial = InitialSync(database, source, sources, sync, polling)
    return Syncing(polling, timeline, [SyncEndpoints(sync, find_filter), EventStreamEndpoints(events, initial, source)])
