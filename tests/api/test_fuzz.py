"""Every endpoint, asked what no client would ask: it answers with a Matrix error, in time, and harms nobody else.

HEARTH_FUZZ says how many requests are made; see `fuzzing`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from tests.api.bystander import Bystander
from tests.api.fuzzing import PATIENCE_S, REQUESTS, check_answer, requests_each, try_each
from tests.api.hostile_requests import COMMON_VALUES, MINE, Known, requests_to
from tests.api.routes import Route, all_routes
from tests.api.wire import RawRequest, ask
from tests.support.administrators import new_administrator
from tests.support.api_client import Answer, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

#: What administrators do to others is their right; they are tried with nobody to do it to but themselves.
_ADMIN = ("/_synapse/admin/", "/_matrix/client/v1/admin/", "/_matrix/client/v3/admin/")


class FuzzTest(HomeserverCase):
    """A hostile client of the server, and a bystander whose ids it knows. No other server is asked for anything."""

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
    made = 0

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

    @classmethod
    def tearDownClass(cls) -> None:
        """Say how many there were, where a number was asked for."""
        if REQUESTS:
            print(f"\n{cls.made} requests to {len(all_routes())} routes")
        super().tearDownClass()

    def test_whatever_is_asked_is_answered_and_harms_nobody(self) -> None:
        """What is the bystander's stays as it was."""
        before = self.bystander.snapshot()
        number = requests_each(all_routes())
        for route in all_routes():
            with self.subTest(str(route)):
                requests = requests_to(route, self.known(route), self.names)
                try_each(requests, number, lambda request, to=route: self.check(to, request))  # type: ignore[misc]
                self.assertEqual(self.bystander.snapshot(), before)

    def known(self, route: Route) -> Known:
        """What the client knows: its own things and the bystander's; an administrator only its own."""
        is_admin = route.path.startswith(_ADMIN)
        user = self.administrator if is_admin else self.hostile
        values: dict[str, list[str]] = {
            **COMMON_VALUES,
            "userId": [user.user_id],
            "roomId": [self.room_id],
            "roomIdOrAlias": [self.room_id],
            "eventId": [self.event_id],
            "deviceId": [user.device_id],
            "serverName": [self.server.name],
            "roomAlias": [f"#mine:{self.server.name}"],
            "stateKey": [user.user_id],
        }
        for name, theirs in self.bystander.ids().items() if not is_admin else ():
            values[name] = [*values.get(name, []), *theirs]
        return Known(self.server.name, values)

    def check(self, route: Route, request: RawRequest) -> None:
        """One request."""
        check_answer(self, route, request, self.asked(route, request))

    def asked(self, route: Route, request: RawRequest) -> Answer:
        """The answer. Where the client has lost its account by what it asked, it makes another one."""
        is_admin = route.path.startswith(_ADMIN)
        user = self.administrator if is_admin else self.hostile
        if request.authorization == MINE:
            request = replace(request, authorization=f"Bearer {user.token}")
        type(self).made += 1
        answer = ask(self.server.client_port, request, PATIENCE_S)
        if answer.status in (200, 401) and user.request("GET", "/account/whoami").status != 200:
            if is_admin:
                type(self).administrator = new_administrator(self.server)
            else:
                type(self).hostile = self.server.new_user("hostile")
        return answer


FuzzTestOnPostgres = on_postgres(FuzzTest)
