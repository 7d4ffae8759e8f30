"""Joining a room without its members, which are fetched once the join is answered.

https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid (`omit_members`)
"""

from __future__ import annotations

import json
import threading
import unittest
from typing import ClassVar
from urllib.parse import quote

from homeserver.protocol.events import Event, parse_event
from tests.federation.hostile_case import HostileCase
from tests.federation.resident_peer import ResidentPeer
from tests.federation.room_peer import FEDERATION, Json, RoomPeer
from tests.federation.two_servers import history, wait_for_membership, wait_for_section
from tests.support.api_client import User
from tests.support.databases import on_postgres
from tests.support.homeserver import FederationCase
from tests.support.large_rooms import add_members
from tests.support.peer_server import Exchange
from tests.sync.sliding_client import SlidingClient, a_list

_MEMBERS = 450
_LAZY = {"room": {"state": {"lazy_load_members": True}}}


class PartialResident:
    """A resident that leaves members out of the answer to a join, and gives the state only once it `may_give`.
    `before`: that state; `room`: its other part."""

    def __init__(self, peer: RoomPeer, members: int = 3) -> None:
        self.peer = peer
        self.room = ResidentPeer(peer)
        self.may_give = threading.Event()
        self.has_given = threading.Event()
        self.before: dict[tuple[str, str], Event] = {}
        self.servers = [peer.name]
        self.omits = True
        self.answers_state = True
        self.members = [self.add_member(f"@member-{number}:{peer.name}") for number in range(members)]
        room = quote(self.room.room_id, safe="")
        peer.answers["GET", f"{FEDERATION}/state/{room}"] = self.give_state
        peer.answers_below[f"/_matrix/federation/v2/send_join/{room}/"] = self._let_in_partially
        peer.answers["GET", f"{FEDERATION}/state_ids/{room}"] = self._give_state_ids

    def add_member(self, user_id: str, membership: str = "join") -> Event:
        """Somebody whom the answer to a join does not tell of."""
        content = {"membership": membership}
        place = self.room.after_last()
        event = self.peer.build("m.room.member", content, sender=user_id, state_key=user_id, **place)
        self.room.last = self.room.note(event)
        self.peer.state["m.room.member", user_id] = event
        return event

    def _let_in_partially(self, exchange: Exchange) -> None:
        pdu = self.peer.identity.sign_event(json.loads(exchange.request_body), self.peer.version)
        join = self.room.note(parse_event(pdu, self.peer.version))
        self.before = dict(self.peer.state)
        self.peer.join_event = join
        self.room.last = join
        self.peer.state["m.room.member", str(join.state_key)] = join
        shown = {key: one for key, one in self.before.items() if key[0] != "m.room.member" or not self.omits}
        chain = [event.pdu for event in self.room.chain_of(list(shown.values()))]
        answer: Json = {
            "state": [event.pdu for event in shown.values()],
            "auth_chain": chain,
            "event": join.pdu,
            "members_omitted": self.omits,
            "servers_in_room": self.servers,
        }
        self.peer.reply(exchange, answer)

    def give_state(self, exchange: Exchange) -> None:
        if not self.may_give.wait(20) or not self.answers_state:
            self.peer.reply(exchange, {"errcode": "M_UNKNOWN", "error": "no"}, 500)
            return
        state = list(self.before.values())
        answer = {"pdus": [one.pdu for one in state], "auth_chain": [one.pdu for one in self.room.chain_of(state)]}
        self.peer.reply(exchange, answer)
        self.has_given.set()

    def _give_state_ids(self, exchange: Exchange) -> None:
        state = list(self.before.values())
        ids = {
            "pdu_ids": [one.event_id for one in state],
            "auth_chain_ids": [one.event_id for one in self.room.chain_of(state)],
        }
        self.peer.reply(exchange, ids)


class PartialJoinTest(HostileCase):
    """The peer has a room with members that it leaves out."""

    def setUp(self) -> None:
        """The room."""
        self.peer = self.new_peer()
        self.resident = PartialResident(self.peer)
        self.room_id = self.resident.room.room_id
        self.addCleanup(self.resident.may_give.set)
        self.bob = self.server.new_user("bob")

    def join(self) -> None:
        """Bob joins; the members are yet to come."""
        self.resident.room.offer(self.bob)
        self.bob.join(self.room_id, via=self.peer.name)

    def joined(self) -> set[str]:
        """Who is joined, once that is known."""
        return set(self.bob.get(f"/rooms/{self.room_id}/joined_members")["joined"])

    def everybody(self) -> set[str]:
        """Who should be."""
        members = {str(one.state_key) for one in self.resident.members if one.membership == "join"}
        return {*members, self.bob.user_id, self.peer.user_id}

    def test_the_room_can_be_read_and_written_before_its_members_are_known(self) -> None:
        """With lazy loading it is there at once, and what others say comes with the senders' member events."""
        self.join()
        room = self.bob.sync(filter=_LAZY)["rooms"]["join"][self.room_id]
        types = {event["type"] for event in room["state"]["events"]}
        self.assertIn("m.room.power_levels", types)
        sent = self.bob.send(self.room_id, "hello")
        member = self.resident.members[0]
        place = {"prev_events": [self.resident.room.last.event_id], "depth": self.resident.room.last.depth + 1}
        said = self.peer.message("said", sender=str(member.state_key), auth_events=self.auth_of(member), **place)
        self.peer.send([said]).ok()
        self.wait_for(said)
        self.bob.get(f"/rooms/{self.room_id}/event/{quote(sent)}")

        page = self.bob.get(
            f"/rooms/{self.room_id}/messages", {"dir": "b", "filter": json.dumps({"lazy_load_members": True})}
        )
        shown = {event["state_key"] for event in page["state"]}
        self.assertIn(member.state_key, shown)
        self.resident.may_give.set()
        self.assertEqual(self.joined(), self.everybody())

    def wait_for(self, event: Event) -> None:
        """Wait until Bob, who loads members lazily, is shown an event."""

        def find(answer: Json) -> bool:
            room = answer.get("rooms", {}).get("join", {}).get(self.room_id, {"timeline": {"events": []}})
            return event.event_id in [one["event_id"] for one in room["timeline"]["events"]]

        self.bob.sync_until(find, filter=_LAZY)

    def auth_of(self, member: Event) -> list[str]:
        """What authorises a message of a member."""
        state = self.peer.state
        keys = [("m.room.create", ""), ("m.room.power_levels", "")]
        return [*(state[key].event_id for key in keys), member.event_id]

    def test_members_are_waited_for_and_a_sync_that_wants_all_shows_the_room_then(self) -> None:
        """Nobody is told of a room that has one member where it has many."""
        self.join()
        self.assertNotIn(self.room_id, self.bob.sync().get("rooms", {}).get("join", {}))
        found: list[set[str]] = []
        asking = threading.Thread(target=lambda: found.append(self.joined()))
        asking.start()
        since = self.bob.sync()["next_batch"]
        self.resident.may_give.set()
        asking.join(20)

        self.assertEqual(found, [self.everybody()])
        room = wait_for_section(self.bob, "join", self.room_id)
        self.assertIn("next_batch", self.bob.sync(since))
        members = {
            event["state_key"]
            for event in [*room["state"]["events"], *room["timeline"]["events"]]
            if event["type"] == "m.room.member"
        }
        self.assertEqual(members, self.everybody())
        self.assertEqual(room["summary"]["m.joined_member_count"], len(self.everybody()))

    def test_sliding_sync_shows_the_room_at_once_and_anew_when_it_is_whole(self) -> None:
        """With the members that are known, and then with all, as if it were new."""
        client = SlidingClient(self.bob, lists={"all": a_list(state=[("m.room.member", "*")])})
        self.join()
        first = client.room(self.room_id)
        self.assertLess(first["joined_count"], len(self.everybody()))
        self.resident.may_give.set()
        self.assertEqual(self.joined(), self.everybody())

        entry = client.room(self.room_id, 20_000)

        self.assertIs(entry["initial"], True)
        self.assertEqual(entry["joined_count"], len(self.everybody()))
        self.assertEqual({event["state_key"] for event in entry["required_state"]}, self.everybody())

    def test_the_members_are_fetched_after_a_restart(self) -> None:
        """The first answer never came."""
        self.join()
        self.resident.answers_state = False
        self.server.stop()
        self.resident.may_give.set()
        self.resident.answers_state = True
        self.server.start()

        self.assertEqual(self.joined(), self.everybody())

    def test_another_server_of_the_room_is_asked_where_the_resident_is_gone(self) -> None:
        """Those that the answer to the join named."""
        other = self.new_peer()
        self.resident.servers.append(other.name)
        self.resident.answers_state = False
        self.resident.may_give.set()
        room = quote(self.room_id, safe="")

        def give(exchange: Exchange) -> None:
            self.resident.answers_state = True
            self.resident.give_state(exchange)

        other.answers["GET", f"{FEDERATION}/state/{room}"] = give
        self.join()

        self.assertEqual(self.joined(), self.everybody())
        self.assertTrue(other.requests_of(f"{FEDERATION}/state/{room}"))

    def test_what_is_sent_meanwhile_goes_to_the_servers_that_are_said_to_be_in_the_room(self) -> None:
        """Although this server knows of none of their users."""
        other = self.new_peer()
        self.resident.servers.append(other.name)
        self.join()
        told = threading.Event()

        def take(exchange: Exchange) -> None:
            if "to all" in exchange.request_body.decode():
                told.set()
            other.reply(exchange, {"pdus": {}})

        other.answers_below[f"{FEDERATION}/send/"] = take
        self.bob.send(self.room_id, "to all")

        self.assertTrue(told.wait(20))

    def test_who_turns_out_to_be_banned_has_said_nothing(self) -> None:
        """What was accepted by what it cited is judged again by the whole state."""
        bad = self.resident.members[1]
        ban = self.peer.build(
            "m.room.member", {"membership": "ban"}, state_key=bad.state_key, **self.resident.room.after_last()
        )
        self.resident.room.last = self.resident.room.note(ban)
        self.peer.state["m.room.member", str(bad.state_key)] = ban
        self.join()
        place = {"prev_events": [self.resident.room.last.event_id], "depth": self.resident.room.last.depth + 1}
        said = self.peer.message("nonsense", sender=str(bad.state_key), **place, auth_events=self.auth_of(bad))
        topic = self.peer.build(
            "m.room.topic", {"topic": "true"}, state_key="", prev_events=[said.event_id], depth=said.depth + 1
        )
        self.peer.send([said, topic]).ok()
        self.wait_for(topic)
        self.resident.may_give.set()
        self.assertNotIn(bad.state_key, self.joined())

        self.assertEqual(self.bob.request("GET", f"/rooms/{self.room_id}/event/{quote(said.event_id)}").status, 404)
        self.assertEqual(self.bob.state(self.room_id, "m.room.topic"), {"topic": "true"})
        self.bob.send(self.room_id, "goes on")

    def test_leaving_ends_it(self) -> None:
        """And the room can be joined again, with all members."""
        self.join()
        self.bob.change(self.room_id, "leave")
        wait_for_section(self.bob, "leave", self.room_id)
        self.resident.omits = False
        self.resident.room.offer(self.bob)
        self.bob.join(self.room_id, via=self.peer.name)

        self.assertEqual(self.joined(), self.everybody())

    def test_a_state_that_is_another_than_at_the_join_is_not_believed(self) -> None:
        """The resident is asked again, until it gives the one that it gave."""
        self.join()
        true = self.resident.before
        self.resident.before = {key: one for key, one in true.items() if key[0] != "m.room.power_levels"}
        self.resident.may_give.set()
        self.resident.has_given.wait(20)
        self.resident.before = true

        self.assertEqual(self.joined(), self.everybody())
        self.assertGreater(self.peer.requests_of(f"{FEDERATION}/state/{quote(self.room_id, safe='')}"), 1)


class LargeRoomCase(FederationCase):
    """A room of a real server with some hundred members."""

    version: ClassVar[str] = "12"

    def test_a_large_room_is_joined_and_becomes_whole(self) -> None:
        """Everybody is there in the end, devices of newcomers are told of, and both sides go on."""
        alice, bob = self.here.new_user("alice"), self.there.new_user("bob")
        room = alice.create_room(preset="public_chat", name="Large", room_version=self.version)
        self.here.stop()
        members = add_members(self.here.config, room, _MEMBERS)
        self.here.start()
        first = alice.send(room, "first")
        since = bob.sync()["next_batch"]
        bob.join(room, self.here.name)
        self.assertIn(first, [event["event_id"] for event in history(bob, room)])

        joined = bob.get(f"/rooms/{room}/joined_members")["joined"]
        self.assertEqual(set(joined), {*members, alice.user_id, bob.user_id})
        wait_for_membership(alice, room, bob, "join")
        bob.wait_for_event(room, alice.send(room, "to there"))
        alice.wait_for_event(room, bob.send(room, "to here"))
        changed = set(bob.get("/keys/changes", {"from": since, "to": bob.sync()["next_batch"]})["changed"])
        self.assertLessEqual(set(members), changed)
        self.assertEqual(self._state(alice, room), self._state(bob, room))

    def _state(self, user: User, room: str) -> set[str]:
        return {event["event_id"] for event in user.get(f"/rooms/{room}/state")}


class LargeRoomOfVersion12Test(LargeRoomCase):
    """Room version 12."""


class LargeRoomOfVersion11Test(LargeRoomCase):
    """Room version 11."""

    version = "11"


class LargeRoomOfVersion10Test(LargeRoomCase):
    """Room version 10."""

    version = "10"


del LargeRoomCase
PartialJoinTestOnPostgres = on_postgres(PartialJoinTest)
LargeRoomOfVersion12TestOnPostgres = on_postgres(LargeRoomOfVersion12Test)

if __name__ == "__main__":
    unittest.main()
