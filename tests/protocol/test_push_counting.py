"""Push rules as they count: reduced to a room and to what notifies, they say the same as the rules themselves."""

from __future__ import annotations

import unittest
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from homeserver.protocol.push_conditions import OWN_USER
from homeserver.protocol.push_evaluation import (
    NOTHING,
    PREDEFINED,
    PREDEFINED_COUNTING,
    Figure,
    compile_rules,
)
from homeserver.protocol.push_rules import KINDS, default_rules

ALICE, BOB, CAROL = "@alice:x", "@bob:x", "@carol:x"
ROOM, ELSEWHERE = "!r:x", "!s:x"


@dataclass(frozen=True)
class Happening:
    """An event in a room of so many members."""

    event: Mapping[str, Any]
    count: int = 3
    has_power: bool = True

    def member_count(self) -> int:
        """As given."""
        return self.count

    def may_notify(self, key: str) -> bool:
        """As given."""
        return self.has_power

    def display_name(self, user_id: str) -> str | None:
        """The localpart."""
        return user_id[1:].partition(":")[0]


def message(body: str = "tea", **fields: Any) -> dict[str, Any]:
    """A message of Bob's."""
    content = {"msgtype": "m.text", "body": body, **fields.pop("content", {})}
    return {"type": "m.room.message", "sender": BOB, "room_id": ROOM, "event_id": "$e", "content": content, **fields}


def rule(rule_id: str, actions: list[Any], **fields: Any) -> dict[str, Any]:
    """A rule of a user's own."""
    return {"rule_id": rule_id, "default": False, "enabled": True, "actions": actions, **fields}


def with_own(**own: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The predefined rules with some of a user's own before them."""
    predefined = default_rules(OWN_USER)
    return {kind: [*own.get(kind, []), *predefined[kind]] for kind in KINDS}


_conditions = st.one_of(
    st.builds(
        lambda key, pattern: {"kind": "event_match", "key": key, "pattern": pattern},
        st.sampled_from(["type", "room_id", "sender", "content.body", "state_key"]),
        st.sampled_from(["m.room.message", "m.*", ROOM, ROOM.upper(), "!*", BOB, "tea", "t?a", "", OWN_USER]),
    ),
    st.builds(
        lambda key, value: {"kind": "event_property_is", "key": key, "value": value},
        st.sampled_from(["room_id", "content.body", "content.m\\.mentions.room"]),
        st.sampled_from([ROOM, ELSEWHERE, "tea", True]),
    ),
    st.builds(lambda number: {"kind": "room_member_count", "is": number}, st.sampled_from(["2", ">2", "<3"])),
    st.sampled_from(
        [
            {"kind": "contains_display_name"},
            {"kind": "sender_notification_permission", "key": "room"},
            {"kind": "event_property_contains", "key": "content.m\\.mentions.user_ids", "value": OWN_USER},
            {"kind": "org.example.unknown"},
        ]
    ),
)
_actions = st.sampled_from(
    [[], ["notify"], ["notify", {"set_tweak": "sound", "value": "x"}], ["notify", {"set_tweak": "highlight"}]]
)
_conditional = st.builds(
    lambda actions, conditions, enabled: rule("r", actions, conditions=conditions, enabled=enabled),
    _actions,
    st.lists(_conditions, max_size=3),
    st.booleans(),
)
_own = st.fixed_dictionaries(
    {
        "override": st.lists(_conditional, max_size=3),
        "content": st.lists(st.builds(lambda actions: rule("tea", actions, pattern="tea"), _actions), max_size=1),
        "room": st.lists(st.builds(rule, st.sampled_from([ROOM, ELSEWHERE]), _actions), max_size=2),
        "sender": st.lists(st.builds(rule, st.sampled_from([BOB, CAROL]), _actions), max_size=2),
        "underride": st.lists(_conditional, max_size=3),
    }
)
_events = st.builds(
    lambda body, fields: message(body, **fields),
    st.sampled_from(["tea", "Alice", "coffee", "steal"]),
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["m.room.message", "m.room.encrypted", "m.room.tombstone", "m.reaction"]),
            "room_id": st.sampled_from([ROOM, ELSEWHERE]),
            "state_key": st.sampled_from(["", ALICE]),
            "content": st.fixed_dictionaries(
                {},
                optional={
                    "msgtype": st.just("m.notice"),
                    "m.mentions": st.sampled_from([{"room": True}, {"user_ids": [ALICE]}, {"user_ids": [CAROL]}]),
                    "m.relates_to": st.just({"rel_type": "m.replace", "event_id": "$a"}),
                },
            ),
        },
    ),
)


class Counting(unittest.TestCase):
    @given(_own, _events, st.integers(1, 3), st.booleans())
    def test_an_event_counts_as_the_rule_says_that_it_meets(
        self, own: dict[str, list[dict[str, Any]]], event: dict[str, Any], count: int, has_power: bool
    ) -> None:
        """Whatever is left out for the room and for what does not matter."""
        rules = compile_rules(with_own(**own))
        happening = Happening(event, count, has_power)
        outcome = rules.outcome(happening, ALICE)

        figure = rules.for_room(event["room_id"]).figure(happening, ALICE)

        self.assertEqual(figure, NOTHING if outcome is None else outcome.figure)

    @given(_own, _events)
    def test_an_event_counts_alike_for_all_whom_it_does_not_name(
        self, own: dict[str, list[dict[str, Any]]], event: dict[str, Any]
    ) -> None:
        """Somebody unknown stands for them, unless their display names matter."""
        counting = compile_rules(with_own(**own)).for_room(event["room_id"])
        if counting.needs_names:
            return

        self.assertEqual(counting.figure(Happening(event)), counting.figure(Happening(event), "@dave:x"))

    def test_rules_that_change_a_sound_alone_count_as_the_predefined_ones(self) -> None:
        """As do those about other rooms, and disabled ones."""
        for own in (
            {
                "underride": [
                    rule(
                        "r",
                        ["notify", {"set_tweak": "sound", "value": "x"}],
                        conditions=[{"kind": "event_match", "key": "type", "pattern": "m.room.message"}],
                    )
                ]
            },
            {"room": [rule(ELSEWHERE, [])]},
            {"override": [rule("r", [], conditions=[{"kind": "event_match", "key": "room_id", "pattern": ELSEWHERE}])]},
            {"override": [rule("r", [], conditions=[], enabled=False)]},
        ):
            with self.subTest(own):
                self.assertIs(compile_rules(with_own(**own)).for_room(ROOM), PREDEFINED_COUNTING)
        self.assertIs(PREDEFINED.for_room(ROOM), PREDEFINED_COUNTING)

    def test_users_who_silence_a_room_share_their_rules_there(self) -> None:
        """Whatever else each of them has silenced."""
        one = compile_rules(with_own(room=[rule(ROOM, [])]))
        other = compile_rules(with_own(room=[rule(ELSEWHERE, []), rule(ROOM, [])]))

        self.assertIs(one.for_room(ROOM), other.for_room(ROOM))
        self.assertEqual(one.for_room(ROOM).figure(Happening(message())), NOTHING)
        self.assertEqual(one.for_room(ELSEWHERE).figure(Happening(message(room_id=ELSEWHERE))), Figure(True, False))

    def test_no_question_is_asked_that_does_not_matter(self) -> None:
        """How many are in the room decides over nothing but the sound."""

        class Curious:
            event = message()

            def member_count(self) -> int:
                raise AssertionError("nobody needs to know")

            def may_notify(self, key: str) -> bool:
                raise AssertionError("nobody needs to know")

            def display_name(self, user_id: str) -> str | None:
                raise AssertionError("nobody needs to know")

        self.assertEqual(PREDEFINED_COUNTING.figure(Curious()), Figure(True, False))
