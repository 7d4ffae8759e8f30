"""A whole homeserver in a simulated run, without sockets: requests go from the network into its router."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from homeserver.config import config_from
from homeserver.config.signing_keys import create_signing_key
from homeserver.database.sqlite import SqliteEngine
from homeserver.federation.peers import PeerRequest
from homeserver.http.errors import error_response
from homeserver.http.headers import Headers
from homeserver.http.request import Request
from homeserver.http.response import Response, encode_json
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.requester import Requester
from homeserver.protocol.room_versions import ROOM_VERSIONS
from homeserver.rooms import queries_members
from homeserver.rooms.creation import RoomRequest
from homeserver.rooms.founding import Founding
from homeserver.rooms.memberships import Change
from homeserver.rooms.records import EventDraft, Fetched
from homeserver.wiring.accounts import wire_accounts
from homeserver.wiring.federation import wire_federation
from homeserver.wiring.ground import lay_ground
from homeserver.wiring.listening import wire_router
from homeserver.wiring.slices import wire_slices
from homeserver.wiring.tables import TABLES
from tests.simulation.network import Answer, Host, Network, SimulatedPeers
from tests.simulation.world import Life, PatientDatabase, World
from tests.support.homeserver import no_rate_limits

logger = logging.getLogger(__name__)


class Node:
    """A server with users `@u0:NAME`, `@u1:NAME`. It can be killed, and started again over the same database."""

    def __init__(self, world: World, network: Network, name: str, folder: Path) -> None:
        self.name = name
        self.users = [f"@u{number}:{name}" for number in range(2)]
        self._world = world
        self._network = network
        self._folder = folder
        self._engine = SqliteEngine(":memory:")
        self._host = network.hosts.setdefault(name, Host())
        create_signing_key(folder / "signing.key")
        self._config = config_from(
            {
                "server_name": name,
                "signing_key_path": str(folder / "signing.key"),
                "media_store_path": str(folder / "media"),
                "trusted_key_servers": [],
                "listeners": [],
                **no_rate_limits(),
            },
            folder,
        )

    @property
    def is_up(self) -> bool:
        """Whether it runs."""
        return self._host.answer is not None

    def start(self) -> None:
        """Begin a new life."""
        life = self.life = Life(self._world)
        database: Any = PatientDatabase(self._engine, life)
        self._database: PatientDatabase = database
        ground = lay_ground(self._config, life, database)
        ground = dataclasses.replace(ground, threads=_Inline())  # type: ignore[arg-type]
        self.ground, self.rooms, self.parts = ground, ground.rooms, ground.parts
        self.federation = wire_federation(ground, SimulatedPeers(self._network, life, self.name))
        accounts = wire_accounts(ground)
        slices = wire_slices(ground, self.federation, accounts)
        self._router = wire_router(ground, self.federation, accounts, slices).router
        self._table = self._router.table(["federation", "keys"])
        self._memberships = slices.memberships
        self._founding = Founding(
            database, ground.parts, slices.directory, slices.memberships, slices.third_party, self.name
        )
        database.start(TABLES)
        Deferred.fromCoroutine(self._take_up())
        self._host.answer = self.answer

    def kill(self) -> None:
        """End this life: what is in memory is lost, what waits never happens."""
        self._host.answer = None
        self.life.is_over = True
        self._database.stop()

    def close(self) -> None:
        """The end."""
        if self.is_up:
            self.kill()
        self._engine.close()

    async def answer(self, request: PeerRequest) -> Answer:
        """What the router answers to another server."""
        path = request.uri.partition("?")[0]
        found = self._table.find(request.method, path)
        if found is None:
            return 404, b'{"errcode":"M_UNRECOGNIZED","error":"no such thing"}'
        endpoint, parameters = found
        fields = [(name.encode(), value.encode()) for name, value in dict(request.headers).items()]
        asked = Request(request.method, request.uri, Headers(fields), request.body)
        asked.parameters = parameters
        try:
            result = await self._router.begin(endpoint, asked)
        except MatrixError as error:
            result = error_response(error)
        if isinstance(result, Response):
            assert isinstance(result.body, bytes)
            return result.status, result.body
        return 200, encode_json(result)

    async def create_room(self, version: str) -> str:
        """A public room of the first user's."""
        request = RoomRequest(self.users[0], ROOM_VERSIONS[version], "public_chat", False)
        return await self._founding.create(request, Requester(self.users[0], None, 0))

    async def change(self, user_id: str, change: Change) -> str | None:
        """A local user changes a membership."""
        return await self._memberships.change(change, Requester(user_id, None, 0))

    async def send(self, room_id: str, draft: EventDraft) -> str:
        """A local user sends an event."""
        return await self.rooms.send(room_id, draft, Requester(draft.sender, None, 0))

    async def learn_keys(self, server_names: list[str]) -> None:
        """Fetch other servers' keys, as if it had heard of them before."""
        for server_name in server_names:
            await self.federation.keys.refresh(server_name)

    async def has_left(self, room_id: str) -> bool:
        """Whether it was in a room, and is not any more."""
        room = await self.rooms.find_room(room_id)
        if room is None or await self.federation.admission.find_joined(room_id) is not None:
            return False
        return await self._database.glance(queries_members.has_been_in, room.room_nid, self.name)

    async def fill(self, room_id: str, event_ids: list[str]) -> bool:
        """Fetch history; whether any came."""
        return await self.federation.history.fill(room_id, event_ids) is Fetched.SOME

    async def _take_up(self) -> None:
        await self.federation.work.start()
        await self.federation.sender.start()


class _Inline:
    """A thread pool that has no threads: work is done where it is asked for."""

    def callInThreadWithCallback(self, on_result: Any, function: Any, *args: Any, **kwargs: Any) -> None:
        """See `twisted.python.threadpool.ThreadPool`."""
        try:
            result = function(*args, **kwargs)
        except Exception as error:
            on_result(False, error)
        else:
            on_result(True, result)
