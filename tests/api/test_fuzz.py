"""Every endpoint, asked what no client would ask: it answers with a Matrix error, in time, and harms nobody else.

HEARTH_FUZZ says how many requests are made, of random ones; without it there are as many as a check of all code has
time for, the same ones each time.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, given, settings

from tests.api.bystander import Bystander
from tests.api.hostile_requests import MINE, Known, requests_to
from tests.api.routes import Route, all_routes
from tests.api.wire import RawRequest, ask
from tests.support.administrators import new_administrator
from tests.support.api_client import Answer, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

REQUESTS = int(os.environ.get("HEARTH_FUZZ", "0"))
_REQUESTS_OF_A_CHECK = 2_000
PATIENCE_S = 10.0
#: Said of another server that was asked on the client's behalf.
_OTHERS_FAILED = (502, 504)
#: What administrators do to others is their right; they are tried with nobody to do it to but themselves.
_ADMIN = ("/_synapse/admin/", "/_matrix/client/v1/admin/", "/_matrix/client/v3/admin/")


class FuzzTest(HomeserverCase):
    """A hostile client of the server, and a bystander whose ids it knows. No server is asked for anything."""

    settings = {  # noqa: RUF012
        "federation_domain_whitelist": [],
        "allow_guest_access": True,
        "enable_metrics": True,
    }

    hostile: ClassVar[User]
    administrator: ClassVar[User]
    bystander: ClassVar[Bystander]
    room_id: ClassVar[str]
    event_id: ClassVar[str]
    names: ClassVar[list[str]]

    @classmethod
    def setUpClass(cls) -> None:
        """A room of the hostile client's own."""
        super().setUpClass()
        cls.hostile = cls.server.new_user("hostile")
        cls.administrator = new_administrator(cls.server)
        cls.bystander = Bystander(cls.server.new_user("bystander"))
        room_id = cls.hostile.create_room(preset="public_chat")
        cls.room_id, cls.event_id = room_id, cls.hostile.send(room_id, "hello")
        cls.names = sorted({name for route in all_routes() for name in route.body})

    def test_whatever_is_asked_is_answered_and_harms_nobody(self) -> None:
        """No 5xx and no silence; errors are JSON with a code and a sentence; what is the bystander's stays."""
        before = self.bystander.snapshot()
        routes = all_routes()
        number = max(1, (REQUESTS or _REQUESTS_OF_A_CHECK) // len(routes))
        for route in routes:
            with self.subTest(str(route)):
                self.fuzz(route, number)
                self.assertEqual(self.bystander.snapshot(), before)

    def fuzz(self, route: Route, number: int) -> None:
        """So many requests to one route."""
        strategy = requests_to(route, self.known(route), self.names)

        @settings(
            max_examples=number,
            deadline=None,
            derandomize=not REQUESTS,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        )
        @given(strategy)
        def is_answered(request: RawRequest) -> None:
            self.check_answer(route, request, self.asked(route, request))

        is_answered()

    def known(self, route: Route) -> Known:
        """What the client knows: its own things and the bystander's; an administrator only its own."""
        user = self.administrator if route.path.startswith(_ADMIN) else self.hostile
        own = {"userId": [user.user_id], "roomId": [self.room_id], "eventId": [self.event_id]}
        own |= {
            "deviceId": [user.device_id],
            "roomIdOrAlias": [self.room_id],
            "serverName": [self.server.name],
            "filterId": ["0", "1"],
            "type": ["m.tag", "org.example.type"],
            "eventType": ["m.room.message", "m.room.power_levels", "m.room.member", "m.room.redaction"],
            "stateKey": [user.user_id, ""],
            "txnId": ["1", "2"],
            "receiptType": ["m.read", "m.read.private", "m.fully_read"],
            "keyName": ["displayname", "avatar_url", "m.tz", "org.example.field"],
            "kind": ["override", "underride", "sender", "room", "content"],
            "ruleId": [".m.rule.master", "mine", self.room_id],
            "attribute": ["enabled", "actions"],
            "relType": ["m.thread", "m.annotation", "m.reference"],
            "roomAlias": [f"#mine:{self.server.name}"],
            "version": ["1"],
            "mediaId": ["abc"],
            "algorithm": ["signed_curve25519"],
        }
        if not route.path.startswith(_ADMIN):
            for name, values in self.bystander.ids().items():
                own[name] = own.get(name, []) + values
        return Known(self.server.name, own)

    def asked(self, route: Route, request: RawRequest) -> Answer:
        """The answer. Where the client has lost its account by what it asked, it makes another one."""
        is_admin = route.path.startswith(_ADMIN)
        user = self.administrator if is_admin else self.hostile
        if request.authorization == MINE:
            request = RawRequest(
                request.method, request.target, request.body, request.content_type, f"Bearer {user.token}"
            )
        answer = ask(self.server.client_port, request, PATIENCE_S)
        if answer.status in (200, 401) and user.request("GET", "/account/whoami").status != 200:
            renewed: User = new_administrator(self.server) if is_admin else self.server.new_user("hostile")
            if is_admin:
                type(self).administrator = renewed
            else:
                type(self).hostile = renewed
        return answer

    def check_answer(self, route: Route, request: RawRequest, answer: Answer) -> None:
        """What has to be true of any answer."""
        shown: Any = (request, answer)
        if answer.status not in _OTHERS_FAILED:
            self.assertLess(answer.status, 500, shown)
        if route.is_for_clients:
            self.assertEqual(answer.headers.get("access-control-allow-origin"), "*", shown)
        if answer.status < 400:
            return
        self.assertIsInstance(answer.json, dict, shown)
        if answer.status == 401 and "flows" in answer.json:
            return
        self.assertRegex(answer.json.get("errcode", ""), r"^[A-Z][A-Z0-9_.]+$", shown)
        self.assertGreater(len(answer.json.get("error", "").split()), 1, shown)


FuzzTestOnPostgres = on_postgres(FuzzTest)
