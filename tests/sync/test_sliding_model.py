"""Whatever happens in rooms, and however a client looks on, by either path of sliding sync it knows in the end what
`/sync` and the room APIs say.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.support.laws import law
from tests.sync.accumulating import Accumulated, KnownRoom
from tests.sync.sliding_client import SlidingClient, ids

ROOMS = 3
#: What happens: to which room. The last ones are what the client does.
EVENTS = ("talk", "chat", "mention", "name", "topic", "profile", "carol", "read")
STAYS = ("join", "leave", "kick", "ban", "unban", "invite", "forget")
LOOKS = ("look", "look", "look", "lose", "restart")
Action = tuple[str, int]
actions = st.lists(
    st.tuples(st.sampled_from((*EVENTS, *EVENTS, *STAYS, *LOOKS, *LOOKS)), st.integers(0, 59)), min_size=5, max_size=40
)


class Onlooker:
    """Bob's client: a list of all rooms, of which it wants now more and now less."""

    def __init__(self, user: User, is_stable: bool) -> None:
        self.is_stable = is_stable
        self.client = SlidingClient(user, is_stable, conn_id="stable" if is_stable else "unstable")
        self.known = Accumulated()

    def look(self, number: int, *, is_lost: bool = False) -> None:
        """One request: `number` chooses how large the window is, how many events, how much state, and whether a room
        is subscribed to. A lost answer is asked for again."""
        last, limit, has_all_state = number % 4, number % 3 * 3 + 1, number % 5 < 3
        subscribed = sorted(self.known.rooms)[: number % 2]
        self.client.body.update(
            lists={"all": self._wanted(limit, has_all_state, last)},
            room_subscriptions={room_id: self._wanted(number % 7, has_all_state) for room_id in subscribed},
        )
        if is_lost:
            self.client.ask(self.client.pos).ok()
        else:
            self.known.take(self.client.step())

    def catch_up(self) -> None:
        """Ask for everything there is."""
        self.client.body.update(lists={"all": self._wanted(10, True, 99)}, room_subscriptions={})
        for _ in range(2):
            self.known.take(self.client.step())

    def _wanted(self, limit: int, has_all_state: bool, last: int | None = None) -> Json:
        if self.is_stable:
            include = [{}] if has_all_state else [{"type": "m.room.name"}]
            window: Json = {} if last is None else {"range": [0, last]}
            return {"timeline_limit": limit, "required_state": {"include": include}, **window}
        pairs = [["*", "*"]] if has_all_state else [["m.room.name", "*"]]
        window = {} if last is None else {"ranges": [[0, last]]}
        return {"timeline_limit": limit, "required_state": pairs, **window}


class SlidingModelTest(HomeserverCase):
    """Alice has three rooms, Bob looks on, Carol comes and goes."""

    def setUp(self) -> None:
        """Nobody yet: each example has users of its own."""
        self.told = 0

    @law(12)
    @given(course=actions)
    def test_what_is_told_adds_up(self, course: list[Action]) -> None:
        """State, timelines, names, counts and memberships, by both paths."""
        self.alice, self.bob, self.carol = (self.new_user(name) for name in ("alice", "bob", "carol"))
        self.rooms = [self.alice.create_room(preset="public_chat", name=f"Room {n}") for n in range(ROOMS)]
        for room_id in self.rooms[:2]:
            self.bob.join(room_id)
        onlookers = [Onlooker(self.bob, is_stable) for is_stable in (False, True)]
        for kind, number in course:
            if kind in LOOKS:
                if kind == "restart" and number < 10:
                    self.server.stop()
                    self.server.start()
                for onlooker in onlookers:
                    onlooker.look(number, is_lost=kind == "lose" and onlooker.client.pos is not None)
            else:
                self.act(kind, self.rooms[number % ROOMS], number)
        for onlooker in onlookers:
            onlooker.catch_up()
            self.check(onlooker)

    def act(self, kind: str, room_id: str, number: int) -> None:
        """Something happens, where it can."""
        room, own = f"/rooms/{room_id}", {"user_id": self.bob.user_id}
        talk: Json = {"msgtype": "m.text", "body": str(number)}
        requests: dict[str, tuple[User, str, str, Any]] = {
            "talk": (self.alice, "PUT", f"{room}/send/m.room.message/{self.next()}", talk),
            "chat": (self.bob, "PUT", f"{room}/send/m.room.message/{self.next()}", talk),
            "mention": (
                self.alice,
                "PUT",
                f"{room}/send/m.room.message/{self.next()}",
                {**talk, "m.mentions": {"user_ids": [self.bob.user_id]}},
            ),
            "name": (self.alice, "PUT", f"{room}/state/m.room.name", {"name": str(number)} if number % 3 else {}),
            "topic": (self.alice, "PUT", f"{room}/state/m.room.topic", {"topic": str(number)}),
            "profile": (self.alice, "PUT", f"/profile/{self.alice.user_id}/displayname", {"displayname": str(number)}),
            "carol": (self.carol, "POST", f"{room}/{'join' if number % 2 else 'leave'}", {}),
            "read": (self.bob, "POST", f"{room}/receipt/m.read/{self.newest(room_id)}", {}),
            "join": (self.bob, "POST", f"{room}/join", {}),
            "leave": (self.bob, "POST", f"{room}/leave", {}),
            "forget": (self.bob, "POST", f"{room}/forget", {}),
            **{kind: (self.alice, "POST", f"{room}/{kind}", own) for kind in ("kick", "ban", "unban", "invite")},
        }
        user, method, path, body = requests[kind]
        self.assertLess(user.request(method, path, body).status, 500)

    def next(self) -> int:
        """A transaction id."""
        self.told += 1
        return self.told

    def newest(self, room_id: str) -> str:
        """The id of the last event of a room."""
        return ids(self.alice.get(f"/rooms/{room_id}/messages", {"dir": "b", "limit": 1})["chunk"])[0]

    def check(self, onlooker: Onlooker) -> None:
        """Compare with what else is to be had."""
        sync = self.bob.sync(filter={"room": {"include_leave": True, "timeline": {"limit": 1}}})["rooms"]
        known = onlooker.known.rooms
        self.assertLessEqual({*sync.get("join", {}), *sync.get("invite", {})}, set(known))
        for room_id, room in known.items():
            if room_id in sync.get("join", {}):
                self.check_joined(onlooker, room_id, room, sync["join"][room_id])
            elif room_id in sync.get("invite", {}):
                self.assertIsNotNone(room.offered)
            elif room_id in sync.get("leave", {}):
                self.check_left(room_id, room)
        listed = set(sync.get("join", {})) | set(sync.get("invite", {}))
        gone = set(known) - listed
        self.assertLessEqual(len(listed), onlooker.known.count)
        self.assertLessEqual(onlooker.known.count, len(listed) + len(gone))

    def check_joined(self, onlooker: Onlooker, room_id: str, room: KnownRoom, synced: Json) -> None:
        """A room that Bob is in."""
        state = self.bob.get(f"/rooms/{room_id}/state")
        self.assertEqual(room.state, {(event["type"], event["state_key"]): event["event_id"] for event in state})
        self.assertEqual(room.timeline, self.history(room_id, len(room.timeline)))
        self.assertGreater(len(room.timeline), 0)
        names = [event["content"].get("name") for event in state if event["type"] == "m.room.name"]
        self.assertEqual(room.facts.get("name"), names[0] if names else None)
        summary = synced["summary"]
        self.assertEqual(room.facts["joined_count"], summary["m.joined_member_count"])
        self.assertEqual(room.facts["invited_count"], summary["m.invited_member_count"])
        if room.facts.get("name") is None:
            heroes = [hero["user_id"] for hero in room.facts["heroes"]]
            self.assertEqual(heroes, summary["m.heroes"])
        if onlooker.is_stable:
            self.assertEqual(room.facts["membership"], "join")
        else:
            counts = {name: room.facts[name] for name in ("notification_count", "highlight_count")}
            self.assertEqual(counts, synced["unread_notifications"])

    def check_left(self, room_id: str, room: KnownRoom) -> None:
        """A room that Bob is in no more, of which he was told while or after he was: as it was when he left."""
        answer = self.bob.request("GET", f"/rooms/{room_id}/state")
        if answer.status == 403 or room.offered is not None or not room.timeline:
            return
        own = ("m.room.member", self.bob.user_id)
        state = {(event["type"], event["state_key"]): event["event_id"] for event in answer.json}
        self.assertEqual(
            {key: event_id for key, event_id in room.state.items() if key != own},
            {key: event_id for key, event_id in state.items() if key != own},
        )
        # A ban of somebody who has left comes after all that they may read.
        self.assertLessEqual(set(room.timeline[:-1]), set(self.history(room_id, 500)))

    def history(self, room_id: str, length: int) -> list[str]:
        """The ids of the last events that Bob may read, oldest first."""
        page = self.bob.get(f"/rooms/{room_id}/messages", {"dir": "b", "limit": max(length, 1)})
        return ids(page["chunk"])[::-1][-length:] if length else []


SlidingModelTestOnPostgres = on_postgres(SlidingModelTest)
