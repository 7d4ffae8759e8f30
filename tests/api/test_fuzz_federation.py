"""Every endpoint for servers, asked by a server that signs what it asks, whatever that is. See `test_fuzz`."""

from __future__ import annotations

import json
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from homeserver.commands.certificates import write_authority
from homeserver.federation.authentication import RequestSigner
from homeserver.protocol.canonical_json import encode_lax
from tests.api.bystander import Bystander
from tests.api.fuzzing import PATIENCE_S, check_answer, requests_each, try_each
from tests.api.hostile_requests import COMMON_VALUES, MINE, Known, requests_to
from tests.api.routes import Route, all_routes
from tests.api.wire import RawRequest, ask
from tests.federation.room_peer import RoomPeer
from tests.support.api_client import User
from tests.support.databases import fresh_database, on_postgres
from tests.support.homeserver import Homeserver

ROUTES = [route for route in all_routes() if route.access == "server"]


class FederationFuzzTest(unittest.TestCase):
    """A hostile server that is in a public room of the owner's, and a bystander with a private one."""

    engine = "sqlite"
    server: ClassVar[Homeserver]
    owner: ClassVar[User]
    peer: ClassVar[RoomPeer]
    bystander: ClassVar[Bystander]
    known: ClassVar[Known]

    @classmethod
    def setUpClass(cls) -> None:
        """One server for all."""
        super().setUpClass()
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="hearth-test-")))
        authority = write_authority("Test authority", folder / "ca.crt")
        (folder / "own").mkdir()
        place = cls.enterClassContext(fresh_database(cls.engine))
        cls.server = Homeserver(folder / "own", place.config, authority)
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)
        cls.owner, cls.bystander = cls.server.new_user("owner"), Bystander(cls.server.new_user("bystander"))
        room_id = cls.owner.create_room(preset="public_chat")
        event_id = cls.owner.send(room_id, "hello")
        cls.peer = RoomPeer(authority, cls.server)
        cls.addClassCleanup(cls.peer.close)
        joined = cls.peer.join(room_id)
        theirs = cls.bystander.ids()
        values = {
            **COMMON_VALUES,
            "userId": [cls.peer.user_id, cls.owner.user_id, *theirs["userId"]],
            "roomId": [room_id, *theirs["roomId"]],
            "eventId": [event_id, joined.event_id, *theirs["eventId"]],
        }
        cls.known = Known(cls.server.name, values)

    def test_whatever_is_asked_is_answered_and_harms_nobody(self) -> None:
        """What is the bystander's stays as it was."""
        before = self.bystander.snapshot()
        names = sorted({name for route in ROUTES for name in route.body})
        number = requests_each(ROUTES) // 4
        for route in ROUTES:
            with self.subTest(str(route)):
                requests = requests_to(route, self.known, names)
                try_each(requests, number, lambda request, to=route: self.check(to, request))  # type: ignore[misc]
                self.assertEqual(self.bystander.snapshot(), before)

    def check(self, route: Route, request: RawRequest) -> None:
        """One request, signed where it can be: of a body that is no JSON the signature cannot hold."""
        if request.authorization == MINE:
            request = self.signed(request)
        check_answer(self, route, request, ask(self.server.client_port, request, PATIENCE_S))

    def signed(self, request: RawRequest) -> RawRequest:
        """The request with a signature, and its body in the form that is signed."""
        signer = RequestSigner(self.peer.identity)
        try:
            body = encode_lax(json.loads(request.body)) if request.body else None
            header = signer.authorization(self.server.name, request.method, request.target, body)
        except (ValueError, RecursionError):
            header = signer.authorization(self.server.name, request.method, request.target)
            return replace(request, authorization=header)
        return replace(request, body=body or b"", authorization=header)


FederationFuzzTestOnPostgres = on_postgres(FederationFuzzTest)
