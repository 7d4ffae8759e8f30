"""The rules about what an event cites. https://spec.matrix.org/v1.19/server-server-api/#auth-events-selection"""

from __future__ import annotations

import unittest
from typing import Any

from homeserver.protocol.auth_rules import AuthError, auth_state_keys, check_auth_events
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.room_versions import ROOM_VERSIONS
from tests.protocol.auth_rules.rule_pairs import RulePair, try_pairs
from tests.protocol.sample_rooms import ALICE, BOB, CAROL, CREATE, JOIN_RULES, POWER, SampleRoom

_REJECTED = "is rejected"
_IMPLIED_CREATE = ("12",)


def _check_cited(room: SampleRoom, event: Event) -> None:
    rejected = {one.event_id for one in room.events.values() if one.content.get(_REJECTED)}
    check_auth_events(event, room.events, rejected)


def _needed(room: SampleRoom) -> list[str]:
    keys = [("m.room.member", ALICE)] if room.version.room_id_is_create_hash else [CREATE, ("m.room.member", ALICE)]
    return [room.state[key].event_id for key in keys]


def _good(room: SampleRoom) -> Event:
    return room.power().topic(ALICE, "t")


def _citing(room: SampleRoom, *events: Event) -> Event:
    return room.topic(ALICE, "t", cites=[*_needed(room), *(event.event_id for event in events)])


def _foreign(room: SampleRoom) -> Event:
    """Power levels of another room; its id differs in every version."""
    fields: dict[str, Any] = {"room_id": "!" + "x" * 43 if room.version.room_id_is_create_hash else "!x:a.example"}
    return room.event("m.room.power_levels", ALICE, {}, state_key="", **fields)


AUTH_EVENT_RULES = (
    RulePair(
        "v1-11 2.1, v12 3.1",
        "no two entries are of one type and state key",
        _good,
        lambda room: _citing(room, room.power_event(ALICE), room.power_event(ALICE, ban=60)),
        "auth_events.duplicate",
        check=_check_cited,
    ),
    RulePair(
        "v1-11 2.2, v12 3.2",
        "entries are those the selection names",
        _good,
        lambda room: _citing(room, room.topic(ALICE, "before")),
        "auth_events.selection",
        check=_check_cited,
    ),
    RulePair(
        "v1-11 2.2, v12 3.2",
        "join rules authorise memberships, not topics",
        lambda room: room.join_rule("public").membership(BOB, "join"),
        lambda room: _citing(room, room.event("m.room.join_rules", ALICE, {"join_rule": "public"}, state_key="")),
        "auth_events.selection",
        check=_check_cited,
    ),
    RulePair(
        "v12 3.2",
        "the create event is never cited",
        _good,
        lambda room: _citing(room, room.create),
        "auth_events.selection",
        check=_check_cited,
    ),
    RulePair(
        "v1-11 2.3, v12 3.3",
        "no entry was rejected itself",
        _good,
        lambda room: _citing(room, room.event("m.room.power_levels", ALICE, {_REJECTED: True}, state_key="")),
        "auth_events.rejected",
        check=_check_cited,
    ),
    RulePair(
        "v1-11 2.4",
        "the create event is among them",
        _good,
        lambda room: room.topic(ALICE, "t", cites=[room.state["m.room.member", ALICE].event_id]),
        "auth_events.create",
        check=_check_cited,
    ),
    RulePair(
        "v1-11 2.5, v12 3.5",
        "every entry is of the same room",
        _good,
        lambda room: _citing(room, _foreign(room)),
        "auth_events.room",
        check=_check_cited,
    ),
)


class CitedEvents(unittest.TestCase):
    def test_each_rule_allows_one_event_and_refuses_another(self) -> None:
        """Rule 2 (3 from version 12)."""
        try_pairs(self, AUTH_EVENT_RULES)

    def test_what_is_not_known_can_not_authorise(self) -> None:
        """The caller fetches it; until then the event is not allowed."""
        room = SampleRoom("11")
        event = room.topic(ALICE, "t", cites=[*_needed(room), "$unknown"])
        with self.assertRaises(AuthError) as caught:
            _check_cited(room, event)
        self.assertEqual(caught.exception.rule, "auth_events.known")

    def test_a_message_can_not_authorise(self) -> None:
        """Only state does."""
        room = SampleRoom("11")
        message = room.event("m.room.message", ALICE, {"body": "let me in"})
        with self.assertRaises(AuthError) as caught:
            _check_cited(room, _citing(room, message))
        self.assertEqual(caught.exception.rule, "auth_events.state")


_ALICE_KEY: StateKey = ("m.room.member", ALICE)
_BOB_KEY: StateKey = ("m.room.member", BOB)
_ALWAYS = {CREATE, POWER, _ALICE_KEY}
_THIRD = {"third_party_invite": {"signed": {"token": "tok", "mxid": BOB}}}
_VIA = {"join_authorised_via_users_server": CAROL}
_SELECTIONS: tuple[tuple[str, str, str | None, dict[str, Any], set[StateKey]], ...] = (
    ("v1-12", "m.room.message", None, {}, _ALWAYS),
    ("v1-12", "m.room.topic", "", {}, _ALWAYS),
    ("v1-12", "m.room.power_levels", "", {}, _ALWAYS),
    ("v1-12", "m.room.member", ALICE, {"membership": "join"}, _ALWAYS | {JOIN_RULES}),
    ("v1-12", "m.room.member", BOB, {"membership": "invite"}, _ALWAYS | {JOIN_RULES, _BOB_KEY}),
    ("v1-12", "m.room.member", BOB, {"membership": "leave"}, _ALWAYS | {_BOB_KEY}),
    ("v1-12", "m.room.member", BOB, {"membership": "ban"}, _ALWAYS | {_BOB_KEY}),
    ("v1-6", "m.room.member", ALICE, {"membership": "knock"}, _ALWAYS),
    ("v7-12", "m.room.member", ALICE, {"membership": "knock"}, _ALWAYS | {JOIN_RULES}),
    (
        "v1-12",
        "m.room.member",
        BOB,
        {"membership": "invite", **_THIRD},
        _ALWAYS | {JOIN_RULES, _BOB_KEY, ("m.room.third_party_invite", "tok")},
    ),
    ("v1-12", "m.room.member", ALICE, {"membership": "join", **_THIRD}, _ALWAYS | {JOIN_RULES}),
    ("v1-7", "m.room.member", ALICE, {"membership": "join", **_VIA}, _ALWAYS | {JOIN_RULES}),
    ("v8-12", "m.room.member", ALICE, {"membership": "join", **_VIA}, _ALWAYS | {JOIN_RULES, ("m.room.member", CAROL)}),
    ("v8-12", "m.room.member", ALICE, {"membership": "leave", **_VIA}, _ALWAYS),
    (
        "v1-12",
        "m.room.member",
        BOB,
        {"membership": "invite", "third_party_invite": 5},
        _ALWAYS | {JOIN_RULES, _BOB_KEY},
    ),
    ("v1-12", "m.room.member", BOB, {"membership": ["join"]}, _ALWAYS | {_BOB_KEY}),
)


class Selection(unittest.TestCase):
    def test_what_an_event_cites(self) -> None:
        """The subset of the state by type, membership and room version; from version 12 never the create event."""
        for versions, event_type, state_key, content, expected in _SELECTIONS:
            first, last = (int(number) for number in versions[1:].split("-"))
            for number in range(first, last + 1):
                version = ROOM_VERSIONS[str(number)]
                wanted = expected - {CREATE} if version.version in _IMPLIED_CREATE else expected
                with self.subTest(version=number, type=event_type, content=content):
                    self.assertEqual(auth_state_keys(event_type, state_key, ALICE, content, version), wanted)

    def test_a_create_event_cites_nothing(self) -> None:
        """There is nothing before it."""
        for version in ROOM_VERSIONS.values():
            self.assertEqual(auth_state_keys("m.room.create", "", ALICE, {}, version), set())
