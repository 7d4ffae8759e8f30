"""No event is missed and none comes twice, however a client follows a room."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase
from tests.support.laws import law


def history(user: User, room_id: str) -> list[str]:
    """The ids of every event of a room, oldest first."""
    found: list[str] = []
    query = {"dir": "f", "limit": 500}
    while True:
        page = user.get(f"/rooms/{room_id}/messages", query)
        found += [event["event_id"] for event in page["chunk"]]
        if "end" not in page:
            return found
        query["from"] = page["end"]


class CompleteClient:
    """Follows a room by `/sync`, and fetches what a limited timeline left out. `seen`: event ids in order."""

    def __init__(self, user: User, room_id: str, limit: int) -> None:
        self._user = user
        self._room_id = room_id
        self._filter = {"room": {"timeline": {"limit": limit}}}
        self.seen: list[str] = []
        answer = user.sync(filter=self._filter)
        self._since: str = answer["next_batch"]

    def step(self, timeout_ms: int = 0) -> None:
        """One `/sync`, and the gap before its timeline."""
        answer = self._user.sync(self._since, timeout_ms, filter=self._filter)
        room = answer.get("rooms", {}).get("join", {}).get(self._room_id)
        if room is not None:
            timeline: Json = room["timeline"]
            if timeline["limited"]:
                self.seen += self._gap(timeline["prev_batch"])
            self.seen += [event["event_id"] for event in timeline["events"]]
        self._since = answer["next_batch"]

    def _gap(self, start: str) -> list[str]:
        found: list[str] = []
        query = {"dir": "b", "from": start, "to": self._since, "limit": 4}
        while True:
            page = self._user.get(f"/rooms/{self._room_id}/messages", query)
            found += [event["event_id"] for event in page["chunk"]]
            if "end" not in page:
                return found[::-1]
            query["from"] = page["end"]


class CompletenessTest(HomeserverCase):
    """Alice and Bob write, Carol reads."""

    def setUp(self) -> None:
        self.alice, self.bob, self.carol = (self.new_user(name) for name in ("alice", "bob", "carol"))
        self.room = self.alice.create_room(preset="public_chat")
        for user in (self.bob, self.carol):
            user.join(self.room)

    @law(12)
    @given(batches=st.lists(st.integers(0, 9), min_size=1, max_size=5), limit=st.integers(1, 6))
    def test_a_limited_timeline_meets_the_pages_before_it(self, batches: list[int], limit: int) -> None:
        """Whatever was sent between two syncs, timeline and gap together are exactly that."""
        client = CompleteClient(self.carol, self.room, limit)
        sent: list[str] = []
        for size in batches:
            for number in range(size):
                if number % 3 == 2:
                    sent.append(self.alice.set_state(self.room, "org.example", {"after": sent[-1]}))
                else:
                    sent.append(self.alice.send(self.room, str(number)))
            client.step()
        self.assertEqual(client.seen, sent)

    def test_concurrent_senders_are_all_heard_once_and_in_one_order(self) -> None:
        """Four devices send at once while two clients follow; both see what the history has at the end."""
        senders = [self.alice, self.bob, self.alice.log_in_again(), self.bob.log_in_again()]
        before = len(history(self.carol, self.room))
        clients = [CompleteClient(self.carol, self.room, limit) for limit in (3, 100)]

        def send(user: User) -> list[str]:
            return [user.send(self.room, str(number)) for number in range(25)]

        with ThreadPoolExecutor(len(senders)) as threads:
            sending = [threads.submit(send, user) for user in senders]
            while not all(one.done() for one in sending):
                for client in clients:
                    client.step()
            sent = [event_id for one in sending for event_id in one.result()]
        for client in clients:
            client.step()

        everything = history(self.carol, self.room)[before:]
        self.assertEqual(sorted(everything), sorted(sent))
        for client in clients:
            self.assertEqual(client.seen, everything)

    def test_one_device_sends_in_the_order_of_its_requests(self) -> None:
        """Though others send between."""
        with ThreadPoolExecutor(2) as threads:
            both = [
                threads.submit(lambda user: [user.send(self.room, "x") for _ in range(20)], user)
                for user in (self.alice, self.bob)
            ]
            of_alice, of_bob = (one.result() for one in both)
        order = history(self.carol, self.room)
        for sent in (of_alice, of_bob):
            self.assertEqual([event_id for event_id in order if event_id in set(sent)], sent)

    def test_concurrent_retries_send_once(self) -> None:
        """The same request eight times at once is one event."""
        path = f"/rooms/{self.room}/send/m.room.message/same"
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: self.alice.put(path, {"body": "x"})["event_id"], range(8)))
        self.assertEqual(len(set(answers)), 1)
        self.assertEqual(history(self.carol, self.room)[-1], answers[0])

    def test_concurrent_joins_all_succeed(self) -> None:
        """Ten users at once; all are members."""
        users = [self.new_user("crowd") for _ in range(10)]
        with ThreadPoolExecutor(10) as threads:
            list(threads.map(lambda user: user.join(self.room), users))
        joined = self.alice.get(f"/rooms/{self.room}/joined_members")["joined"]
        self.assertLessEqual({user.user_id for user in users}, set(joined))


CompletenessTestOnPostgres = on_postgres(CompletenessTest)
