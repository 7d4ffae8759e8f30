"""What administrators do with rooms."""

from __future__ import annotations

from homeserver.accounts.kernel import AccountParts
from homeserver.rooms.founding import Founding
from homeserver.slices.room_moderation.blocking import Blocking
from homeserver.slices.room_moderation.closing import Closing, ClosingParts
from homeserver.slices.room_moderation.endpoints import RoomModerationEndpoints
from homeserver.wiring.ground import Ground
from homeserver.wiring.slices import Slices


def room_moderation_endpoints(ground: Ground, accounts: AccountParts, slices: Slices) -> RoomModerationEndpoints:
    """Make it, and have the rooms ask whether they are open."""
    blocking = Blocking(ground.database)
    ground.rooms.check_open = blocking.check_open
    directory, memberships = slices.directory, slices.memberships
    founding = Founding(ground.database, ground.parts, directory, memberships, slices.third_party, ground.server_name)
    parts = ClosingParts(
        database=ground.database,
        rooms=ground.rooms,
        memberships=memberships,
        founding=founding,
        names=directory,
        blocking=blocking,
        user_exists=accounts.accounts.user_exists,
        default_version=slices.policies.default_version,
        server_name=ground.server_name,
    )
    return RoomModerationEndpoints(blocking, Closing(parts, ground.background.spawn), accounts.accounts.check_admin)
