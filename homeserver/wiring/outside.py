"""Slices about rooms that no other part is handed: spaces and summaries, search, reports, rooms in common, dates."""

from __future__ import annotations

from homeserver.accounts.kernel import AccountParts
from homeserver.federation.serving import Serving
from homeserver.rooms.reading import RoomReading
from homeserver.rooms.summaries import RoomSummaries
from homeserver.slices.directory.service import Directory
from homeserver.slices.jump_to_date.endpoints import JumpToDateEndpoints
from homeserver.slices.jump_to_date.service import JumpToDate
from homeserver.slices.mutual_rooms.endpoints import MutualRoomEndpoints
from homeserver.slices.mutual_rooms.service import MutualRooms
from homeserver.slices.reporting.endpoints import ReportEndpoints
from homeserver.slices.reporting.service import Reporting
from homeserver.slices.search import indexing
from homeserver.slices.search.endpoints import SearchEndpoints
from homeserver.slices.search.service import Searching
from homeserver.slices.spaces.endpoints import SpaceEndpoints
from homeserver.slices.spaces.endpoints_federation import SpaceFederationEndpoints
from homeserver.slices.spaces.service import Spaces
from homeserver.wiring.federation import Federation
from homeserver.wiring.ground import Ground


def space_endpoints(ground: Ground, federation: Federation, directory: Directory) -> list[object]:
    """What clients and other servers ask about rooms they may not be in."""
    summaries = RoomSummaries(ground.database, ground.rooms, ground.parts, ground.server_name)
    spaces = Spaces(summaries, federation.client.spaces.hierarchy, ground.server_name)
    return [SpaceEndpoints(spaces, directory.resolve), SpaceFederationEndpoints(spaces)]


def further_room_endpoints(
    ground: Ground, federation: Federation, accounts: AccountParts, reading: RoomReading, serving: Serving
) -> list[object]:
    """Searching, reports, rooms in common, events by time."""
    reporting = Reporting(
        ground.database, ground.rooms, reading.event, accounts.accounts.user_exists, ground.server_name
    )
    jump_to_date = JumpToDate(
        ground.database,
        ground.parts,
        federation.history.likely,
        federation.client.history.timestamp_to_event,
        federation.history.fill,
    )
    is_searchable = ground.config.rooms.enable_search
    if is_searchable:
        ground.parts.appender.on_accepted.append(indexing.note_accepted)
        ground.parts.redactor.on_redacted.append(indexing.note_redacted)
    searching = Searching(ground.database, ground.rooms, ground.parts, reading.readable_state)
    return [
        SearchEndpoints(searching, is_enabled=is_searchable),
        ReportEndpoints(reporting, accounts.accounts.check_admin),
        MutualRoomEndpoints(MutualRooms(ground.rooms.occupancy)),
        JumpToDateEndpoints(jump_to_date, reading.get_readable, serving.get_member_room),
    ]
