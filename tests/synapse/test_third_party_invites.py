"""Inviting people by their e-mail address between a Synapse and a Hearth."""

from __future__ import annotations

from tests.federation.two_servers import wait_for_membership, wait_for_section
from tests.slices.threepids.third_party_case import ON_BIND, by_address, new_address, offers
from tests.support.api_client import Client, User
from tests.support.identity_server import IdentityServer
from tests.synapse.servers import need_synapse
from tests.synapse.synapse_case import SynapseCase, both_ways, room_of_two

need_synapse()


class ThirdPartyInviteTest(SynapseCase):
    """Ann invites an address, which Bob of the other server turns out to have."""

    identity_server: IdentityServer

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.identity_server = IdentityServer()
        cls.addClassCleanup(cls.identity_server.close)

    def offer(self, ann: User, room: str) -> tuple[str, str]:
        """(address, token) of an invite to an address that nobody has."""
        address = new_address()
        ann.post(f"/rooms/{room}/invite", by_address(self.identity_server, address))
        (token,) = offers(ann, room)
        return address, token

    def tell_bound(self, bob: User, address: str) -> None:
        """Bob shows to have it, and his server is told."""
        Client(bob.url).post(ON_BIND, self.identity_server.bind(address, bob.user_id))

    @both_ways
    def test_the_inviting_server_makes_the_invite(self, version: str, ann: User, bob: User) -> None:
        """Where the other one is not in the room."""
        room = ann.create_room(room_version=version, preset="private_chat")
        address, token = self.offer(ann, room)

        self.tell_bound(bob, address)

        invite = wait_for_membership(ann, room, bob, "invite")
        self.assertEqual(invite["content"]["third_party_invite"]["signed"]["token"], token)
        wait_for_section(bob, "invite", room)
        bob.join(room)
        wait_for_membership(ann, room, bob, "join")

    @both_ways
    def test_the_invited_server_makes_the_invite(self, version: str, ann: User, bob: User) -> None:
        """Where it is in the room. Ann is the sender of what her server has not signed."""
        carol = self.peer_of(bob).new_user("carol")
        room = room_of_two(ann, carol, version, preset="private_chat")
        address, token = self.offer(ann, room)
        carol.sync_until(lambda _: token in offers(carol, room))

        self.tell_bound(bob, address)

        invite = wait_for_membership(ann, room, bob, "invite")
        self.assertEqual(invite["sender"], ann.user_id)
        bob.join(room)
        wait_for_membership(ann, room, bob, "join")
        self.assert_same_state(ann, carol, room)
