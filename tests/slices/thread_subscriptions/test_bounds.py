"""How much of subscriptions to threads is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg

from tests.slices.thread_subscriptions.test_thread_subscriptions import CHANGES, path_of
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase

MOST = 20_000


class BoundsTest(HomeserverCase):
    """Alice has said of as many threads as one can how she stands to them."""

    def setUp(self) -> None:
        self.server.start_if_stopped()
        self.alice = self.new_user("alice")
        self.room = self.alice.create_room()
        self.root = self.alice.send(self.room, "root")

    @contextmanager
    def rows(self) -> Iterator[Any]:
        """The database of the server, which is stopped meanwhile."""
        self.server.stop()
        config = self.server.config.database
        parameters: Any = dict(config.parameters)
        place: Any = sqlite3.connect(str(config.path)) if self.engine == "sqlite" else psycopg.connect(**parameters)
        with closing(place):
            yield place
            place.commit()
        self.server.start()

    def fill(self, state: str) -> None:
        """All threads but the last are of this state; the earlier, the smaller the number in the id."""
        rows = ",".join(
            f"('{self.alice.user_id}', '!other:x', '${number}', '{'manual' if number == MOST else state}', {number})"
            for number in range(1, MOST + 1)
        )
        with self.rows() as place:
            place.execute(
                f"INSERT INTO thread_subscriptions (user_id, room_id, root_id, state, position) VALUES {rows}"
            )

    def test_the_oldest_unsubscription_makes_room(self) -> None:
        """Which is what a client can do without the longest."""
        self.fill("unsubscribed")
        self.alice.put(path_of(self.room, self.root), {})
        with self.rows() as place:
            sql = f"SELECT root_id FROM thread_subscriptions WHERE user_id = '{self.alice.user_id}'"
            left = {row[0] for row in place.execute(sql)}
        self.assertEqual(left, {self.root, *(f"${number}" for number in range(2, MOST + 1))})

    def test_one_subscription_too_many_is_refused(self) -> None:
        """And those that are there stay."""
        self.fill("manual")
        path = path_of(self.room, self.root)
        self.assertEqual(self.alice.refusal("PUT", path, {}), (400, "M_LIMIT_EXCEEDED"))
        self.assertEqual(self.alice.refusal("GET", path), (404, "M_NOT_FOUND"))
        page = self.alice.get(CHANGES, {"dir": "b", "limit": 1})
        self.assertEqual(list(page["subscribed"]["!other:x"]), [f"${MOST}"])

    def test_nothing_is_left_of_a_closed_account(self) -> None:
        """Not even what it followed."""
        self.alice.put(path_of(self.room, self.root), {})
        auth = {"type": "m.login.password", "user": self.alice.user_id, "password": self.alice.password}
        self.alice.post("/account/deactivate", {"auth": auth})
        with self.rows() as place:
            sql = f"SELECT root_id FROM thread_subscriptions WHERE user_id = '{self.alice.user_id}'"
            self.assertEqual(list(place.execute(sql)), [])


BoundsTestOnPostgres = on_postgres(BoundsTest)
