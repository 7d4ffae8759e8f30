"""Slices that show rooms from outside: spaces and summaries."""

from __future__ import annotations

from homeserver.rooms.summaries import RoomSummaries
from homeserver.slices.directory.service import Directory
from homeserver.slices.spaces.endpoints import SpaceEndpoints
from homeserver.slices.spaces.endpoints_federation import SpaceFederationEndpoints
from homeserver.slices.spaces.service import Spaces
from homeserver.wiring.federation import Federation
from homeserver.wiring.ground import Ground


def outside_endpoints(ground: Ground, federation: Federation, directory: Directory) -> list[object]:
    """What clients and other servers ask about rooms they may not be in."""
    summaries = RoomSummaries(ground.database, ground.rooms, ground.parts, ground.server_name)
    spaces = Spaces(summaries, federation.client.spaces.hierarchy, ground.server_name)
    return [SpaceEndpoints(spaces, directory.resolve), SpaceFederationEndpoints(spaces)]
