"""Searching in messages.

https://spec.matrix.org/v1.19/client-server-api/#search
"""

from __future__ import annotations

from typing import Any

from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


def search(user: User, term: str, token: str | None = None, **wanted: Any) -> Json:
    """The results in room events."""
    body = {"search_categories": {"room_events": {"search_term": term, **wanted}}}
    query = None if token is None else {"next_batch": token}
    found: Json = user.post("/search", body, query)["search_categories"]["room_events"]
    return found


def ids(found: Json) -> list[str]:
    """The events found, in their order."""
    return [one["result"]["event_id"] for one in found["results"]]


class SearchTest(HomeserverCase):
    """Alice and Bob talk in a room."""

    def setUp(self) -> None:
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.alice.create_room(preset="public_chat", name="Gardening")
        self.bob.join(self.room)

    def test_all_words_have_to_be_there(self) -> None:
        """In any order and case; parts of words are not words."""
        first = self.alice.send(self.room, "The tomatoes are ripe")
        second = self.bob.send(self.room, "Ripe? All TOMATOES?")

        self.assertEqual(ids(search(self.alice, "ripe tomatoes", order_by="recent")), [second, first])
        self.assertEqual(search(self.alice, "tomatoes unripe")["count"], 0)
        self.assertEqual(search(self.alice, "tomato")["count"], 0)
        self.assertEqual(search(self.alice, "?!")["results"], [])

    def test_other_scripts(self) -> None:
        """Chinese and Japanese are found by any part of a sentence."""
        chinese = self.alice.send(self.room, "今天的西红柿熟了")
        japanese = self.alice.send(self.room, "トマトが赤くなった")

        self.assertEqual(ids(search(self.alice, "西红柿")), [chinese])
        self.assertEqual(ids(search(self.alice, "赤くな")), [japanese])

    def test_by_rank(self) -> None:
        """The closer a message is to the words, the earlier it comes, with a rank that says so."""
        short = self.alice.send(self.room, "roses")
        self.alice.send(self.room, "a long message that somewhere mentions roses among other things")

        results = search(self.alice, "roses")["results"]

        self.assertEqual(results[0]["result"]["event_id"], short)
        self.assertGreater(results[0]["rank"], results[1]["rank"])

    def test_names_and_topics(self) -> None:
        """By the key that is searched."""
        topic = self.alice.set_state(self.room, "m.room.topic", {"topic": "Gardening for all"})

        self.assertEqual(ids(search(self.alice, "gardening", keys=["content.topic"])), [topic])
        self.assertEqual(search(self.alice, "gardening", keys=["content.body"])["count"], 0)
        self.assertEqual(search(self.alice, "gardening")["count"], 2)

    def test_only_what_may_be_seen(self) -> None:
        """Others' rooms are not searched; rooms left up to the departure; redacted messages not at all."""
        carol = self.new_user("carol")
        kept = self.alice.send(self.room, "lettuce one")
        gone = self.alice.send(self.room, "lettuce two")
        self.alice.put(f"/rooms/{self.room}/redact/{gone}/r", {})
        self.bob.change(self.room, "leave")
        later = self.alice.send(self.room, "lettuce three")

        self.assertEqual(search(carol, "lettuce")["count"], 0)
        self.assertEqual(ids(search(self.bob, "lettuce")), [kept])
        self.assertEqual(ids(search(self.alice, "lettuce", order_by="recent")), [later, kept])

    def test_filters(self) -> None:
        """By room and sender."""
        other = self.alice.create_room()
        here, there = self.alice.send(self.room, "beans"), self.alice.send(other, "beans")
        bobs = self.bob.send(self.room, "beans")

        self.assertEqual(ids(search(self.alice, "beans", filter={"rooms": [other]})), [there])
        self.assertEqual(ids(search(self.alice, "beans", filter={"senders": [self.bob.user_id]})), [bobs])
        not_here = {"not_rooms": [other], "not_senders": [self.bob.user_id]}
        self.assertEqual(ids(search(self.alice, "beans", filter=not_here)), [here])

    def test_pages(self) -> None:
        """All results, each once."""
        sent = [self.alice.send(self.room, f"seed number {number}") for number in range(5)]

        first = search(self.alice, "seed", order_by="recent", filter={"limit": 3})
        second = search(self.alice, "seed", first["next_batch"], order_by="recent", filter={"limit": 3})

        self.assertEqual(ids(first) + ids(second), sent[::-1])
        self.assertEqual(first["count"], 5)
        self.assertNotIn("next_batch", second)

    def test_context_groups_and_state(self) -> None:
        """What stood around a result, whose it was, and what its room is like."""
        before = self.bob.send(self.room, "before")
        found = self.alice.send(self.room, "radish")
        after = self.bob.send(self.room, "after")

        answer = search(
            self.alice,
            "radish",
            event_context={"before_limit": 1, "after_limit": 1, "include_profile": True},
            groupings={"group_by": [{"key": "room_id"}, {"key": "sender"}]},
            include_state=True,
        )

        context = answer["results"][0]["context"]
        self.assertEqual([one["event_id"] for one in context["events_before"]], [before])
        self.assertEqual([one["event_id"] for one in context["events_after"]], [after])
        self.assertEqual(context["profile_info"][self.bob.user_id], {"displayname": self.bob.localpart})
        self.assertEqual(answer["groups"]["room_id"][self.room]["results"], [found])
        self.assertEqual(answer["groups"]["sender"][self.alice.user_id]["results"], [found])
        self.assertIn("m.room.name", [event["type"] for event in answer["state"][self.room]])
        self.assertEqual(answer["highlights"], ["radish"])

    def test_wrong_requests(self) -> None:
        """Each with a word on what is wrong."""
        term = {"search_term": "x"}
        for wanted, errcode in (
            ({}, "M_MISSING_PARAM"),
            ({"search_term": 1}, "M_BAD_JSON"),
            ({**term, "order_by": "luck"}, "M_INVALID_PARAM"),
            ({**term, "keys": ["content.x"]}, "M_INVALID_PARAM"),
            ({**term, "groupings": {"group_by": [{"key": "x"}]}}, "M_INVALID_PARAM"),
            ({**term, "event_context": {"before_limit": -1}}, "M_BAD_JSON"),
        ):
            with self.subTest(wanted):
                body = {"search_categories": {"room_events": wanted}}
                self.assertEqual(self.alice.refusal("POST", "/search", body), (400, errcode))
        self.assertEqual(self.alice.refusal("POST", "/search", {}), (400, "M_MISSING_PARAM"))
        body = {"search_categories": {"room_events": term}}
        wrong = {"next_batch": "x"}
        self.assertEqual(self.alice.refusal("POST", "/search", body, wrong), (400, "M_INVALID_PARAM"))
        self.assertEqual(self.alice.post("/search", {"search_categories": {}}), {"search_categories": {}})


SearchTestOnPostgres = on_postgres(SearchTest)
