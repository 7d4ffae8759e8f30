"""Inviting people by their e-mail address who have an account at another server.

https://spec.matrix.org/v1.19/server-server-api/#third-party-invites
"""

from __future__ import annotations

from typing import Any, ClassVar

from homeserver.http.egress_settings import TlsSettings
from homeserver.slices.threepids.identity_calls import IdentityCalls
from tests.federation.two_servers import wait_for_membership
from tests.slices.threepids.third_party_case import INSECURE, by_address, membership, new_address, offers, tell_bound
from tests.support.homeserver import FederationCase
from tests.support.identity_server import IdentityServer
from tests.support.outbound import OutboundCase
from tests.support.own_reactor import run
from tests.support.peer_server import Exchange


class FederatedThirdPartyInviteTest(FederationCase):
    """Alice here invites an address, which Bob there turns out to have."""

    settings: ClassVar[dict[str, Any]] = INSECURE

    def setUp(self) -> None:
        """Anew for each test."""
        self.identity_server = IdentityServer()
        self.addCleanup(self.identity_server.close)
        self.alice, self.bob = self.here.new_user("alice"), self.there.new_user("bob")
        self.room = self.alice.create_room(preset="private_chat")
        self.address = new_address()

    def offer(self) -> str:
        """Invite the address; the token."""
        self.alice.post(f"/rooms/{self.room}/invite", by_address(self.identity_server, self.address))
        (token,) = offers(self.alice, self.room)
        return token

    def test_his_server_has_the_inviting_one_make_the_invite(self) -> None:
        """It is in no room with it before."""
        self.offer()

        tell_bound(self.there, self.identity_server, self.address, self.bob).ok()

        self.assertEqual(membership(self.alice, self.room, self.bob), "invite")
        self.assertIn(self.room, self.bob.sync()["rooms"]["invite"])
        self.bob.join(self.room)
        wait_for_membership(self.alice, self.room, self.bob, "join")

    def test_his_server_makes_the_invite_where_it_is_in_the_room(self) -> None:
        """Alice is its sender, whose server has not signed it, and takes it for the offer's signature."""
        carol = self.there.new_user("carol")
        self.alice.change(self.room, "invite", carol)
        carol.join(self.room)
        token = self.offer()
        carol.sync_until(lambda _: token in offers(carol, self.room))

        tell_bound(self.there, self.identity_server, self.address, self.bob).ok()

        invite = wait_for_membership(self.alice, self.room, self.bob, "invite")
        self.assertEqual(invite["sender"], self.alice.user_id)
        self.assertEqual(invite["content"]["third_party_invite"]["signed"]["token"], token)
        self.bob.join(self.room)
        wait_for_membership(self.alice, self.room, self.bob, "join")

    def test_in_the_oldest_room_versions_the_inviting_server_makes_it(self) -> None:
        """The event's id names that server, so that no other can have signed it."""
        self.room = self.alice.create_room(preset="private_chat", room_version="1")
        carol = self.there.new_user("carol")
        self.alice.change(self.room, "invite", carol)
        carol.join(self.room)
        token = self.offer()
        carol.sync_until(lambda _: token in offers(carol, self.room))

        tell_bound(self.there, self.identity_server, self.address, self.bob).ok()

        wait_for_membership(carol, self.room, self.bob, "invite")
        self.bob.join(self.room)
        wait_for_membership(self.alice, self.room, self.bob, "join")

    def test_he_may_join_at_once_with_what_was_signed(self) -> None:
        """`third_party_signed` of `/join` names the inviter, and so the server to ask."""
        signed = self.identity_server.signed(self.offer(), self.bob.user_id, sender=self.alice.user_id)

        self.bob.post(f"/join/{self.room}", {"third_party_signed": signed})

        self.assertEqual(membership(self.alice, self.room, self.bob), "join")

    def test_the_inviting_server_asks_whether_the_key_is_good(self) -> None:
        """It refuses what is signed with one that is not, whatever the other server says."""
        self.offer()
        self.identity_server.revoked.add(self.identity_server.key.verify_key.encoded)

        answer = tell_bound(self.there, self.identity_server, self.address, self.bob)

        self.assertEqual(answer.error, (403, "M_FORBIDDEN"))
        self.assertIsNone(membership(self.alice, self.room, self.bob))

    def test_an_offer_in_a_room_that_nobody_here_is_in(self) -> None:
        """The inviting server says so, and so does the one that asked it."""
        self.offer()
        self.alice.change(self.room, "leave")

        answer = tell_bound(self.there, self.identity_server, self.address, self.bob)

        self.assertEqual(answer.error[0], 404)


class SlowIdentityServerTest(OutboundCase):
    """Identity servers that take their time."""

    def test_a_key_is_not_waited_for_for_ever(self) -> None:
        """What comes too late, or is too long, says nothing."""
        waiting: list[Exchange] = []

        def drip(exchange: Exchange) -> None:
            waiting.append(exchange)
            exchange.raw(b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"valid"')
            exchange.connection.settimeout(5)
            exchange.connection.recv(1)

        slow = self.serve(drip, self.authority.server_context("localhost"))
        huge = self.serve(
            lambda exchange: exchange.reply(200, b'{"valid": true, "filler": "' + b"x" * 100_000 + b'"}'),
            self.authority.server_context("localhost"),
        )
        calls = IdentityCalls(self.client(tls=TlsSettings(ca_files=(self.authority.ca_file,))), total_ms=200)

        async def valid(port: int) -> bool:
            return await calls.is_key_valid(f"https://localhost:{port}/isvalid", "key")

        self.assertFalse(run(valid(slow.port)))
        self.assertFalse(run(valid(huge.port)))
        self.assertEqual(len(waiting), 1)
