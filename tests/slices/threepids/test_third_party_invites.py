"""Inviting people by their e-mail address.

https://spec.matrix.org/v1.19/client-server-api/#third-party-invites
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from homeserver.protocol.signing import sign_json, signing_key_from_seed
from tests.slices.threepids.third_party_case import INSECURE, by_address, membership, new_address, offers, tell_bound
from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.support.identity_server import IdentityServer
from tests.support.peer_server import Exchange

_V2 = "/_matrix/identity/v2"
FORBIDDEN = (403, "M_FORBIDDEN")
FAILED = (502, "M_UNKNOWN")


class ThirdPartyInviteTest(HomeserverCase):
    """Alice, in a private room of hers, and an identity server."""

    settings: ClassVar[dict[str, Any]] = INSECURE

    def setUp(self) -> None:
        """Anew for each test."""
        self.identity_server = IdentityServer()
        self.addCleanup(self.identity_server.close)
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(name="The pub", preset="private_chat")
        self.address = new_address()

    def invite(self, user: User | None = None, **body: Any) -> Any:
        """Invite the address."""
        wanted = by_address(self.identity_server, self.address, **body)
        return (user or self.alice).request("POST", f"/rooms/{self.room}/invite", wanted)

    def offer(self) -> str:
        """Invite the address, which nobody has; the token."""
        self.invite().ok()
        (token,) = offers(self.alice, self.room)
        return token

    def join(self, signed: Json, user: User | None = None) -> Any:
        """Join, showing what the identity server has signed."""
        return (user or self.bob).request("POST", f"/join/{self.room}", {"third_party_signed": signed})

    def test_who_has_the_address_is_invited(self) -> None:
        """The address, in lower case, is looked up by its hash, and goes nowhere else."""
        self.identity_server.bound["email", self.address] = self.bob.user_id

        self.invite(address=self.address.upper(), reason="Come!").ok()

        member = self.alice.state(self.room, "m.room.member", self.bob.user_id)
        self.assertEqual((member["membership"], member["reason"]), ("invite", "Come!"))
        self.assertNotIn("third_party_invite", member)
        self.assertEqual(self.identity_server.paths, ["/hash_details", "/lookup"])
        self.assertNotIn(self.address.encode(), self.identity_server.peer.received[1].body)
        self.assertEqual(offers(self.alice, self.room), {})

    def test_whoever_will_have_the_address_is_offered_a_place(self) -> None:
        """The identity server is told of the room what its mail may say; the room gets name, token and keys."""
        self.alice.put(f"/profile/{self.alice.user_id}/displayname", {"displayname": "Alice A."})

        token = self.offer()

        (content,) = offers(self.alice, self.room).values()
        stored = self.identity_server.body_of("/store-invite")
        self.assertEqual(stored["sender"], self.alice.user_id)
        self.assertEqual(
            {name: stored[name] for name in ("medium", "address", "room_id", "room_name", "room_join_rules")},
            {
                "medium": "email",
                "address": self.address,
                "room_id": self.room,
                "room_name": "The pub",
                "room_join_rules": "invite",
            },
        )
        self.assertEqual(stored["sender_display_name"], "Alice A.")
        self.assertNotIn("room_type", stored)
        self.assertEqual(token, self.identity_server.invites[0]["token"])
        self.assertEqual(content["display_name"], "p...@e...")
        self.assertEqual(content["public_key"], self.identity_server.key.verify_key.encoded)
        self.assertEqual(content["key_validity_url"], f"https://{self.identity_server.name}{_V2}/pubkey/isvalid")
        self.assertEqual(len(content["public_keys"]), 2)
        self.assertNotIn(self.address, json.dumps(content))

    def test_who_then_has_it_is_invited_and_may_join(self) -> None:
        """The invite holds what the identity server signed; told twice, or when in the room, nothing changes."""
        token = self.offer()

        self.assertEqual(tell_bound(self.server, self.identity_server, self.address, self.bob).ok(), {})

        member = self.alice.state(self.room, "m.room.member", self.bob.user_id)
        self.assertEqual(member["membership"], "invite")
        self.assertEqual(member["third_party_invite"]["display_name"], "p...@e...")
        self.assertEqual(member["third_party_invite"]["signed"]["token"], token)
        self.assertIn(self.room, self.bob.sync()["rooms"]["invite"])
        self.bob.join(self.room)
        tell_bound(self.server, self.identity_server, self.address, self.bob).ok()
        self.assertEqual(membership(self.alice, self.room, self.bob), "join")

    def test_identity_servers_may_also_post(self) -> None:
        """So their specification has it."""
        self.offer()
        body = self.identity_server.bind(self.address, self.bob.user_id)

        self.server.post("/_matrix/federation/v1/3pid/onbind", body)

        self.assertEqual(membership(self.alice, self.room, self.bob), "invite")

    def test_the_inviter_may_have_left(self) -> None:
        """An offer stands for itself."""
        carol = self.new_user("carol")
        self.alice.change(self.room, "invite", carol)
        carol.join(self.room)
        self.offer()
        self.alice.change(self.room, "leave")

        tell_bound(self.server, self.identity_server, self.address, self.bob).ok()

        self.bob.join(self.room)
        self.assertEqual(membership(carol, self.room, self.bob), "join")

    def test_an_offer_is_accepted_at_once_with_what_was_signed(self) -> None:
        """`third_party_signed` of `/join`, for the user it is for alone."""
        signed = self.identity_server.signed(self.offer(), self.bob.user_id, sender=self.alice.user_id)
        self.assertEqual(self.join(signed, self.new_user("mallory")).error, FORBIDDEN)
        self.assertEqual(self.join({**signed, "token": "x"}).error, FORBIDDEN)
        self.assertEqual(self.join({"mxid": self.bob.user_id}).error, (400, "M_MISSING_PARAM"))

        self.assertEqual(self.join(signed).ok(), {"room_id": self.room})

        self.assertEqual(membership(self.alice, self.room, self.bob), "join")

    def test_what_another_key_signed_is_refused(self) -> None:
        """Nobody is invited."""
        token = self.offer()
        other = signing_key_from_seed("0", bytes(32))
        wrong = sign_json({"mxid": self.bob.user_id, "token": token}, self.identity_server.name, other)

        self.assertEqual(self.join({**wrong, "sender": self.alice.user_id}).error, FORBIDDEN)
        self.identity_server.rotate_keys()
        self.assertEqual(tell_bound(self.server, self.identity_server, self.address, self.bob).error, FORBIDDEN)
        self.assertIsNone(membership(self.alice, self.room, self.bob))

    def test_a_key_that_is_good_no_more_is_refused(self) -> None:
        """It is asked for at the offer's own address; an answer that cannot be had is none."""
        signed = self.identity_server.signed(self.offer(), self.bob.user_id, sender=self.alice.user_id)
        self.identity_server.revoked.add(self.identity_server.key.verify_key.encoded)
        self.assertEqual(self.join(signed).error, FORBIDDEN)
        self.identity_server.revoked.clear()
        answers: list[tuple[int, Any]] = [(200, {"valid": "true"}), (404, {"valid": True}), (200, [True])]
        for status, body in answers:
            self.identity_server.answer_with("/pubkey/isvalid", status, body)
            self.assertEqual(self.join(signed).error, FORBIDDEN)
        self.identity_server.answers.clear()

        self.join(signed).ok()

    def test_an_identity_server_that_is_gone_vouches_for_nobody(self) -> None:
        """The invite waits until it is back."""
        signed = self.identity_server.signed(self.offer(), self.bob.user_id, sender=self.alice.user_id)
        self.identity_server.answers[f"{_V2}/pubkey/isvalid"] = self.identity_server.hang_up

        self.assertEqual(self.join(signed).error, FORBIDDEN)

        self.identity_server.answers.clear()
        self.join(signed).ok()

    def test_an_offer_that_was_taken_back_is_none(self) -> None:
        """Its content is empty then. Who may invite may do that."""
        signed = self.identity_server.signed(self.offer(), self.bob.user_id, sender=self.alice.user_id)
        self.alice.set_state(self.room, "m.room.third_party_invite", {}, signed["token"])

        self.assertEqual(self.join(signed).error, FORBIDDEN)
        self.assertIsNone(membership(self.alice, self.room, self.bob))

    def test_who_is_banned_stays_out(self) -> None:
        """Whoever has signed."""
        signed = self.identity_server.signed(self.offer(), self.bob.user_id, sender=self.alice.user_id)
        self.alice.change(self.room, "ban", self.bob)

        self.assertEqual(self.join(signed).error, FORBIDDEN)

    def test_who_may_not_invite_asks_no_identity_server(self) -> None:
        """Neither from outside nor without the power."""
        self.assertEqual(self.invite(self.bob).error, FORBIDDEN)
        self.alice.change(self.room, "invite", self.bob)
        self.bob.join(self.room)
        levels = self.alice.state(self.room, "m.room.power_levels")
        self.alice.set_state(self.room, "m.room.power_levels", {**levels, "invite": 50})

        self.assertEqual(self.invite(self.bob).error, FORBIDDEN)
        self.assertEqual(self.identity_server.paths, [])

    def test_a_changed_pepper_is_asked_for_anew(self) -> None:
        """Once."""
        self.identity_server.bound["email", self.address] = self.bob.user_id
        details = iter(["an old pepper", self.identity_server.pepper])

        def answer(exchange: Exchange) -> None:
            told = {"lookup_pepper": next(details), "algorithms": ["sha256"]}
            self.identity_server.reply(exchange, 200, told)

        self.identity_server.answers[f"{_V2}/hash_details"] = answer

        self.invite().ok()
        self.assertEqual(membership(self.alice, self.room, self.bob), "invite")

    def test_refusals_of_the_identity_server_are_passed_on(self) -> None:
        """Its terms are not accepted, say; but its 401 does not log the user out."""
        refusal = {"errcode": "M_TERMS_NOT_SIGNED", "error": "Accept our terms first."}
        self.identity_server.answer_with("/hash_details", 403, refusal)
        answer = self.invite()
        self.assertEqual((answer.error, answer.json["error"]), ((403, "M_TERMS_NOT_SIGNED"), refusal["error"]))
        self.identity_server.answers.clear()

        self.assertEqual(self.invite(id_access_token="another").error, (403, "M_UNAUTHORIZED"))

    def test_identity_servers_that_answer_nonsense(self) -> None:
        """502, and the room is as before."""
        good_key = {"public_key": "abc", "key_validity_url": "https://localhost/"}
        whole = {"token": "t", "display_name": "d", "public_keys": [good_key]}
        nonsense: list[tuple[str, Any]] = [
            ("/hash_details", []),
            ("/hash_details", {"lookup_pepper": 1, "algorithms": ["sha256"]}),
            ("/hash_details", {"lookup_pepper": "p", "algorithms": ["none"]}),
            ("/hash_details", {"filler": "x" * 100_000}),
            ("/store-invite", {**whole, "token": "a token\n"}),
            ("/store-invite", {**whole, "token": "t" * 256}),
            ("/store-invite", {**whole, "display_name": None}),
            ("/store-invite", {**whole, "public_keys": []}),
            ("/store-invite", {**whole, "public_keys": ["abc"]}),
            ("/store-invite", {**whole, "public_keys": [{**good_key, "key_validity_url": "http://localhost/"}]}),
        ]
        for place, body in nonsense:
            with self.subTest(place=place, body=str(body)[:80]):
                self.identity_server.answer_with(place, 200, body)
                self.assertEqual(self.invite().error, FAILED)
                self.identity_server.answers.clear()

        def everybody(exchange: Exchange) -> None:
            (hashed,) = json.loads(exchange.request_body)["addresses"]
            self.identity_server.reply(exchange, 200, {"mappings": {hashed: "everybody"}})

        self.identity_server.answers[f"{_V2}/lookup"] = everybody
        self.assertEqual(self.invite().error, FAILED)
        self.assertEqual(offers(self.alice, self.room), {})

    def test_wrong_requests(self) -> None:
        """Each field is needed, and is what it should be."""
        cases: list[tuple[Json, str]] = [
            ({"id_access_token": None}, "M_MISSING_PARAM"),
            ({"id_server": None}, "M_MISSING_PARAM"),
            ({"address": 1}, "M_BAD_JSON"),
            ({"medium": "pigeon"}, "M_INVALID_PARAM"),
            ({"address": "nobody"}, "M_INVALID_PARAM"),
            ({"medium": "msisdn", "address": "+44 7700"}, "M_INVALID_PARAM"),
            ({"id_server": "localhost/path"}, "M_INVALID_PARAM"),
            ({"id_access_token": "a\r\nb"}, "M_INVALID_PARAM"),
        ]
        for body, errcode in cases:
            with self.subTest(body):
                self.assertEqual(self.invite(**body).error, (400, errcode))
        self.assertEqual(self.invite(id_server="localhost:1").error, FAILED)

    def test_what_is_told_of_bindings_is_checked(self) -> None:
        """Anybody may tell: only of users that there are, no more than a hundred invites, and what is no invite is
        passed over."""
        path = "/_matrix/federation/v1/3pid/onbind"
        good = {"medium": "email", "address": self.address, "mxid": self.bob.user_id, "invites": []}
        cases: list[tuple[Json, tuple[int, str]]] = [
            ({**good, "mxid": None}, (400, "M_MISSING_PARAM")),
            ({**good, "mxid": "bob"}, (400, "M_INVALID_PARAM")),
            ({**good, "mxid": f"@nobody-at-all:{self.server.name}"}, (404, "M_NOT_FOUND")),
            ({**good, "mxid": "@bob:example.org"}, (404, "M_NOT_FOUND")),
            ({**good, "invites": None}, (400, "M_MISSING_PARAM")),
            ({**good, "invites": [{}] * 101}, (413, "M_TOO_LARGE")),
        ]
        for body, error in cases:
            with self.subTest(str(body)[:100]):
                self.assertEqual(self.server.refusal("PUT", path, body), error)
        self.offer()
        (invite,) = self.identity_server.bind(self.address, self.bob.user_id)["invites"]
        nobodys = {**invite, "signed": self.identity_server.signed("x\0", self.bob.user_id)}
        others = {**invite, "signed": self.identity_server.signed("x", self.alice.user_id)}
        bad = [1, {}, {**invite, "room_id": "room"}, {**invite, "sender": 1}, {**invite, "signed": 1}, nobodys, others]

        self.server.put(path, {**good, "invites": [*bad, invite]})

        self.assertEqual(membership(self.alice, self.room, self.bob), "invite")

    def test_a_new_room_invites_addresses(self) -> None:
        """Those who have one as a direct chat where it is one, and whoever will have the other."""
        self.identity_server.bound["email", self.address] = self.bob.user_id
        other = new_address()
        invites = [by_address(self.identity_server, one) for one in (self.address, other)]

        room = self.alice.create_room(invite_3pid=invites, is_direct=True)

        member = self.alice.state(room, "m.room.member", self.bob.user_id)
        self.assertEqual((member["membership"], member["is_direct"]), ("invite", True))
        self.assertEqual([one["display_name"] for one in offers(self.alice, room).values()], ["p...@e..."])
        self.assertEqual(self.identity_server.invites[0]["address"], other)

    def test_a_new_room_stays_where_an_address_cannot_be_invited(self) -> None:
        """Its id is answered; what no invite is is refused before there is a room."""
        self.identity_server.answers[f"{_V2}/hash_details"] = self.identity_server.hang_up

        room = self.alice.create_room(invite_3pid=[by_address(self.identity_server, self.address)])

        self.assertIn(room, self.alice.get("/joined_rooms")["joined_rooms"])
        wrongs: list[tuple[Any, str]] = [({}, "M_MISSING_PARAM"), (1, "M_BAD_JSON")]
        for wrong, errcode in wrongs:
            body = {"invite_3pid": [wrong]}
            self.assertEqual(self.alice.refusal("POST", "/createRoom", body), (400, errcode))


class LimitedThirdPartyInviteTest(HomeserverCase):
    """A server whose users have identity servers asked twice, and then wait."""

    settings: ClassVar[dict[str, Any]] = {
        **INSECURE,
        "rc_third_party_invite": {"per_second": 0.001, "burst_count": 2},
    }

    def test_identity_servers_are_not_flooded(self) -> None:
        """429, in a new room before there is a room; other users are not held up."""
        identity_server = IdentityServer()
        self.addCleanup(identity_server.close)
        alice, bob = self.new_user("alice"), self.new_user("bob")
        room = alice.create_room()
        for _ in range(2):
            alice.post(f"/rooms/{room}/invite", by_address(identity_server, new_address()))
        asked = len(identity_server.paths)

        body = by_address(identity_server, new_address())
        limited = (429, "M_LIMIT_EXCEEDED")
        self.assertEqual(alice.refusal("POST", f"/rooms/{room}/invite", body), limited)
        self.assertEqual(alice.refusal("POST", "/createRoom", {"invite_3pid": [body]}), limited)

        self.assertEqual(len(identity_server.paths), asked)
        self.assertEqual(alice.get("/joined_rooms")["joined_rooms"], [room])
        bob.create_room(invite_3pid=[body])


ThirdPartyInviteTestOnPostgres = on_postgres(ThirdPartyInviteTest)
