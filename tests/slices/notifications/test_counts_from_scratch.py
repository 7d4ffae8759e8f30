"""The running counters say what counting every event anew would: whatever is sent, read, redacted, left and joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from homeserver.protocol.push_evaluation import NOTHING, Figure, RuleSet, compile_rules
from homeserver.protocol.push_rules import default_rules
from tests.slices.notifications.unread_case import UnreadCase, send
from tests.support.api_client import Json, User
from tests.support.databases import on_postgres
from tests.support.laws import law

NAMES = ("alice", "bob", "carol")
MAIN = "main"
NOBODY = "@nobody:elsewhere"
_TXNS = count(1)


@dataclass(frozen=True)
class Sent:
    """An event of a room where Alice alone has power, as rules look at it."""

    event: Mapping[str, Any]
    count: int
    founder: str

    def member_count(self) -> int:
        """How many are joined."""
        return self.count

    def may_notify(self, key: str) -> bool:
        """Alice may."""
        return bool(self.event["sender"] == self.founder)

    def display_name(self, user_id: str) -> str | None:
        """Nobody has changed it."""
        return user_id[1:].partition(":")[0]


@dataclass
class Counted:
    """One event: how it relates to another, in which thread it is, and how it counts for each user who has not read it.

    `usual`: how it counts for everybody else. `as_usual`: for whom it counted so without anything of their own.
    """

    event_id: str
    relation: tuple[str, Counted] | None
    thread: str
    usual: Figure
    unread: dict[str, Figure] = field(default_factory=dict)
    as_usual: set[str] = field(default_factory=set)
    is_redacted: bool = False


def thread_of(relation: tuple[str, Counted] | None) -> str:
    """By following at most three events."""
    for _ in range(4):
        if relation is None:
            return MAIN
        rel_type, parent = relation
        if rel_type == "m.thread":
            return parent.event_id
        if parent.is_redacted:
            return parent.thread
        relation = parent.relation
    return MAIN


class Room:
    """A room, and next to it what each of its users has not read, by counting every event."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self.users = users
        self.room_id = users["alice"].create_room(preset="public_chat")
        self.events: list[Counted] = []
        self.joined = {"alice"}
        self.silent: set[str] = set()
        for name in NAMES[1:]:
            self.join(name)

    def join(self, name: str) -> None:
        """Nothing of what was before counts."""
        if name not in self.joined:
            self.users[name].join(self.room_id)
            self.joined.add(name)

    def leave(self, name: str) -> None:
        """Alice stays."""
        if name in self.joined - {"alice"}:
            self.users[name].change(self.room_id, "leave")
            self.joined.discard(name)
            self._forget(name, len(self.events), None)

    def send(self, name: str, event_type: str, content: Json, rel_type: str, parent: int) -> None:
        """Send an event, related to an earlier one where there is a type for that."""
        if name not in self.joined:
            return
        relation = self._relation(rel_type, parent)
        if relation is not None:
            content = {**content, "m.relates_to": {"rel_type": rel_type, "event_id": relation[1].event_id}}
        event_id = send(self.users[name], self.room_id, event_type, content)
        event = {"type": event_type, "sender": self.users[name].user_id, "room_id": self.room_id, "content": content}
        sent = Sent({**event, "event_id": event_id}, len(self.joined), self.users["alice"].user_id)
        counted = Counted(event_id, relation, thread_of(relation), _figure(default_rules(NOBODY), sent, NOBODY))
        for other in self.joined - {name}:
            user_id = self.users[other].user_id
            counted.unread[other] = _figure(self._rules(other), sent, user_id)
            if other not in self.silent and counted.unread[other] == counted.usual:
                counted.as_usual.add(other)
        self.events.append(counted)
        self._forget(name, len(self.events), counted.thread)

    def read(self, name: str, number: int, receipt_type: str, *, is_threaded: bool) -> None:
        """Read up to an event: its thread, or everything."""
        if name in self.joined and self.events:
            index = number % len(self.events)
            event = self.events[index]
            body = {"thread_id": event.thread} if is_threaded else {}
            self.users[name].post(f"/rooms/{self.room_id}/receipt/{receipt_type}/{event.event_id}", body)
            self._forget(name, index + 1, event.thread if is_threaded else None)

    def redact(self, number: int) -> None:
        """Alice redacts an event, which counts for nobody any more; that she does so is read as what she sends."""
        if self.events:
            event = self.events[number % len(self.events)]
            self.users["alice"].put(f"/rooms/{self.room_id}/redact/{event.event_id}/{next(_TXNS)}", {})
            event.unread.clear()
            event.is_redacted = True
            self._forget("alice", len(self.events), MAIN)

    def silence(self, name: str) -> None:
        """From now on mentions only; what counted as for everybody does no more. Or everything again from now on."""
        user, path = self.users[name], f"/pushrules/global/room/{self.room_id}"
        if name in self.silent:
            user.delete(path)
            self.silent.discard(name)
            return
        user.put(path, {"actions": []})
        self.silent.add(name)
        if name in self.joined:
            for event in self.events:
                if name in event.as_usual:
                    event.unread.pop(name, None)

    def counted(self, name: str) -> tuple[tuple[int, int], dict[str, tuple[int, int]]]:
        """What a user has not read, of the main timeline and of each thread."""
        found: dict[str, tuple[int, int]] = {}
        for event in self.events:
            figure = event.unread.get(name, NOTHING)
            if figure.notify:
                before = found.get(event.thread, (0, 0))
                found[event.thread] = (before[0] + 1, before[1] + figure.highlight)
        return found.pop(MAIN, (0, 0)), found

    def _relation(self, rel_type: str, parent: int) -> tuple[str, Counted] | None:
        if not rel_type or not self.events:
            return None
        target = self.events[parent % len(self.events)]
        while rel_type == "m.thread" and target.relation is not None:
            target = target.relation[1]
        return rel_type, target

    def _rules(self, name: str) -> RuleSet:
        rules = default_rules(self.users[name].user_id)
        if name in self.silent:
            rules["room"] = [{"rule_id": self.room_id, "enabled": True, "actions": []}]
        return rules

    def _forget(self, name: str, upto: int, thread: str | None) -> None:
        for event in self.events[:upto]:
            if thread is None or event.thread == thread:
                event.unread.pop(name, None)


def _figure(rules: RuleSet, sent: Sent, user_id: str) -> Figure:
    outcome = compile_rules(rules).outcome(sent, user_id)
    return NOTHING if outcome is None else outcome.figure


_names = st.sampled_from(NAMES)
_numbers = st.integers(0, 30)
_contents = st.fixed_dictionaries(
    {"body": st.just("tea")},
    optional={
        "msgtype": st.sampled_from(["m.text", "m.notice"]),
        "mentions": st.sampled_from([["bob"], ["carol", "alice"], ["room"]]),
    },
)
_types = st.sampled_from(["m.room.message", "m.room.message", "m.room.encrypted", "m.reaction"])
_relations = st.sampled_from(["", "", "m.thread", "m.thread", "m.replace", "m.annotation"])
_steps = st.one_of(
    st.tuples(st.just("send"), _names, _types, _contents, _relations, _numbers),
    st.tuples(st.just("send"), _names, _types, _contents, _relations, _numbers),
    st.tuples(st.just("read"), _names, _numbers, st.sampled_from(["m.read", "m.read.private"]), st.booleans()),
    st.tuples(st.just("redact"), _numbers),
    st.tuples(st.just("join"), _names),
    st.tuples(st.just("leave"), _names),
    st.tuples(st.just("silence"), _names),
)


class CountsFromScratchTest(UnreadCase):
    """Three users, of whom anybody may do anything."""

    def setUp(self) -> None:
        super().setUp()
        self.people = {"alice": self.alice, "bob": self.bob, "carol": self.new_user("carol")}

    @law(40)
    @given(steps=st.lists(_steps, min_size=3, max_size=25))
    def test_the_counts_are_those_of_counting_every_event(self, steps: list[tuple[Any, ...]]) -> None:
        """For everybody joined, of the main timeline and of each thread, after each step that could change them."""
        room = Room(self.people)
        for what, *how in steps:
            if what == "send":
                name, event_type, content, rel_type, parent = how
                room.send(name, event_type, self._content(content), rel_type, parent)
            elif what == "read":
                room.read(*how[:3], is_threaded=how[3])
            else:
                getattr(room, what)(*how)
        self.room = room.room_id
        for name in sorted(room.joined):
            self.assertEqual(self.by_thread(self.people[name]), room.counted(name), name)
        for name in room.joined:
            self.people[name].change(room.room_id, "leave")

    def _content(self, content: Json) -> Json:
        mentioned = content.get("mentions", [])
        if not mentioned:
            return content
        mentions: Json = {"user_ids": [self.people[one].user_id for one in mentioned if one != "room"]}
        if "room" in mentioned:
            mentions = {"room": True}
        return {"body": content["body"], "m.mentions": mentions}


CountsFromScratchTestOnPostgres = on_postgres(CountsFromScratchTest)
