"""Binding addresses at an identity server, and having them forgotten."""

from __future__ import annotations

import json
from typing import Any

from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import PASSWORD, HomeserverCase
from tests.support.peer_server import Exchange, PeerServer
from tests.support.tls_authority import TlsAuthority

ADDRESS = "alice@example.org"
BIND, UNBIND = "/_matrix/identity/v2/3pid/bind", "/_matrix/identity/v2/3pid/unbind"
SUCCESS = {"id_server_unbind_result": "success"}
NO_SUPPORT = {"id_server_unbind_result": "no-support"}


class IdentityServerTest(HomeserverCase):
    """An identity server over TLS, and Alice."""

    authority: TlsAuthority
    identity_server: PeerServer
    id_server: str
    answer: tuple[int, dict[str, Any]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.authority = TlsAuthority()
        cls.addClassCleanup(cls.authority.close)
        cls.identity_server = PeerServer(cls.reply, cls.authority.server_context("localhost"))
        cls.addClassCleanup(cls.identity_server.close)
        cls.id_server = f"localhost:{cls.identity_server.port}"
        cls.settings = {"use_insecure_ssl_client_just_for_testing_do_not_use": True}
        super().setUpClass()

    @classmethod
    def reply(cls, exchange: Exchange) -> None:
        """What the test wants answered."""
        status, body = cls.answer
        exchange.reply(status, json.dumps(body).encode())

    def setUp(self) -> None:
        """Anew for each test."""
        self.alice = self.new_user("alice")
        self.identity_server.received.clear()
        type(self).answer = (200, {"medium": "email", "address": ADDRESS, "mxid": self.alice.user_id})

    def bind(self, **body: Any) -> dict[str, Any]:
        """The body of a request to bind."""
        return {
            "id_server": self.id_server,
            "id_access_token": "of the identity server",
            "sid": "abc",
            "client_secret": "s3cret",
            **body,
        }

    def deactivate(self, user: User, **body: Any) -> Any:
        """End the account."""
        session = user.request("POST", "/account/deactivate", body).json["session"]
        identifier = {"type": "m.id.user", "user": user.user_id}
        auth = {"type": "m.login.password", "identifier": identifier, "password": PASSWORD, "session": session}
        return user.post("/account/deactivate", {**body, "auth": auth})

    def test_the_identity_server_is_asked_with_the_users_token_for_it(self) -> None:
        """The session, the secret, and whose the address is to be."""
        self.assertEqual(self.alice.post("/account/3pid/bind", self.bind()), {})

        (asked,) = self.identity_server.received
        self.assertEqual((asked.method, asked.path), ("POST", BIND))
        self.assertEqual(asked.headers["authorization"], "Bearer of the identity server")
        expected = {"sid": "abc", "client_secret": "s3cret", "mxid": self.alice.user_id}
        self.assertEqual(json.loads(asked.body), expected)

    def test_a_token_that_no_header_can_carry_is_refused(self) -> None:
        """400, and the identity server is not asked."""
        for token in ("a\r\nHost: elsewhere", "\n", "\u20ac"):
            refusal = self.alice.refusal("POST", "/account/3pid/bind", self.bind(id_access_token=token))
            self.assertEqual(refusal, (400, "M_INVALID_PARAM"))
        self.assertEqual(self.identity_server.received, [])

    def test_the_older_path_does_the_same(self) -> None:
        """`three_pid_creds`."""
        self.assertEqual(self.alice.post("/account/3pid", {"three_pid_creds": self.bind()}), {})

        self.assertEqual([asked.path for asked in self.identity_server.received], [BIND])

    def test_a_refusal_is_passed_on(self) -> None:
        """In the identity server's words; but its 401 does not log the user out."""
        type(self).answer = (400, {"errcode": "M_SESSION_NOT_VALIDATED", "error": "Click first."})
        refusal = self.alice.request("POST", "/account/3pid/bind", self.bind())
        self.assertEqual((refusal.error, refusal.json["error"]), ((400, "M_SESSION_NOT_VALIDATED"), "Click first."))

        type(self).answer = (401, {"errcode": "M_UNAUTHORIZED", "error": "Who are you?"})
        self.assertEqual(self.alice.refusal("POST", "/account/3pid/bind", self.bind()), (403, "M_UNAUTHORIZED"))

    def test_an_identity_server_that_fails_is_told(self) -> None:
        """502, for nonsense, for a failure and for nobody there; 400 for what is no server's name."""
        for answer in ((500, {}), (200, {}), (302, {"errcode": "M_UNKNOWN"})):
            type(self).answer = answer
            self.assertEqual(self.alice.refusal("POST", "/account/3pid/bind", self.bind()), (502, "M_UNKNOWN"))
        gone = self.bind(id_server="localhost:1")
        self.assertEqual(self.alice.refusal("POST", "/account/3pid/bind", gone), (502, "M_UNKNOWN"))
        wrong = self.bind(id_server="localhost/path?")
        self.assertEqual(self.alice.refusal("POST", "/account/3pid/bind", wrong), (400, "M_INVALID_PARAM"))
        self.assertEqual(self.alice.refusal("POST", "/account/3pid/bind", {}), (400, "M_MISSING_PARAM"))

    def test_what_was_bound_is_unbound_where_it_was_bound(self) -> None:
        """The request is signed by this server; a second time there is nothing to unbind."""
        self.alice.post("/account/3pid/bind", self.bind())
        body = {"medium": "email", "address": ADDRESS}

        self.assertEqual(self.alice.post("/account/3pid/unbind", body), SUCCESS)

        asked = self.identity_server.received[-1]
        self.assertEqual(asked.path, UNBIND)
        self.assertEqual(json.loads(asked.body), {"mxid": self.alice.user_id, "threepid": body})
        self.assertIn(f'origin="{self.server.name}",destination="{self.id_server}"', asked.headers["authorization"])
        self.assertEqual(self.alice.post("/account/3pid/unbind", body), NO_SUPPORT)

    def test_the_identity_server_can_be_named(self) -> None:
        """Also one that this server does not know of; its refusal is no support."""
        body = {"medium": "email", "address": ADDRESS, "id_server": self.id_server}
        self.assertEqual(self.alice.post("/account/3pid/delete", body), SUCCESS)

        type(self).answer = (403, {"errcode": "M_FORBIDDEN", "error": "No."})

        self.assertEqual(self.alice.post("/account/3pid/unbind", body), NO_SUPPORT)

    def test_an_account_that_ends_is_unbound(self) -> None:
        """`success` where all was, `no-support` where the identity server refuses."""
        self.alice.post("/account/3pid/bind", self.bind())
        self.assertEqual(self.deactivate(self.alice), SUCCESS)
        self.assertEqual(self.identity_server.received[-1].path, UNBIND)

        bob = self.new_user("bob")
        bob.post("/account/3pid/bind", self.bind())
        type(self).answer = (403, {"errcode": "M_FORBIDDEN", "error": "No."})
        self.assertEqual(self.deactivate(bob), NO_SUPPORT)

    def test_an_account_with_nothing_bound_ends_well(self) -> None:
        """`success`, and nobody is asked."""
        self.assertEqual(self.deactivate(self.alice), SUCCESS)
        self.assertEqual(self.identity_server.received, [])


IdentityServerTestOnPostgres = on_postgres(IdentityServerTest)
