"""Which servers of a room are asked first for what is missing here."""

from __future__ import annotations

from collections.abc import Collection

from homeserver.database import Database, Transaction
from homeserver.protocol.ids import server_name_of
from homeserver.protocol.power_levels import PowerLevels, read_level
from homeserver.rooms import queries_members, queries_servers, queries_state
from homeserver.rooms.kernel import RoomParts
from homeserver.rooms.records import RoomRecord


class LikelyServers:
    """Orders a room's servers by how likely they have events."""

    def __init__(self, database: Database, parts: RoomParts, server_name: str) -> None:
        self._database = database
        self._server_name = server_name
        self._parts = parts

    async def find(self, room: RoomRecord, event_ids: Collection[str]) -> list[str]:
        """The other servers in the room: first those whose users sent what cites the events, which had them then; then
        those of the users with the most power, who mostly were there early; then those with the most members."""
        return await self._database.read(self._find, room, event_ids)

    def _find(self, tx: Transaction, room: RoomRecord, event_ids: Collection[str]) -> list[str]:
        citing = {server_name_of(sender) for sender in queries_servers.senders_citing(tx, event_ids)}
        powers = self._powers(tx, room)
        members = queries_servers.joined_by_server(tx, room.room_nid)

        def rank(server: str) -> tuple[bool, int, int, str]:
            return (server not in citing, -powers.get(server, 0), -members.get(server, 0), server)

        return sorted({*queries_members.servers_in(tx, room.room_nid)} - {self._server_name}, key=rank)

    def _powers(self, tx: Transaction, room: RoomRecord) -> dict[str, int]:
        """Server to the highest power of a user of it who is named in the room's power levels, or made it."""
        keys = [("m.room.create", ""), ("m.room.power_levels", "")]
        nids = [queries_state.find_current(tx, room.room_nid, key) for key in keys]
        events = self._parts.loader.get_many(tx, [nid for nid in nids if nid is not None])
        create, power = (None if nid is None else events.get(nid) for nid in nids)
        levels = PowerLevels.from_state(create, power)
        users = levels.content.get("users")
        named = {user_id for user_id, level in users.items() if read_level(level)} if isinstance(users, dict) else set()
        found: dict[str, int] = {}
        for user_id in named | levels.creators:
            server = server_name_of(user_id)
            found[server] = max(found.get(server, 0), levels.of_user(user_id))
        return found
