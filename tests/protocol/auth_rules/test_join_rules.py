"""The rules for joins, and for the form of every `m.room.member`. https://spec.matrix.org/v1.19/rooms/"""

from __future__ import annotations

import unittest
from typing import Any

from homeserver.protocol.events import Event
from homeserver.protocol.room_versions import ROOM_VERSIONS
from homeserver.protocol.signing import SignatureError, required_signers
from tests.protocol.auth_rules.rule_pairs import RulePair, try_pairs
from tests.protocol.sample_rooms import ALICE, BOB, CAROL, DAVE, SampleRoom

_MEMBER = "v1-5 5.1, v6-11 4.1, v12 5.1"


def _join(number: int, from_version_8: int | None = None) -> str:
    later = from_version_8 or number
    return f"v1-5 5.2.{number}, v6-7 4.2.{number}, v8-11 4.3.{later}, v12 5.3.{later}"


def _joining(user_id: str, rule: Any, membership: str | None = None, **fields: Any) -> Any:
    """A join by somebody of a membership to a room of a join rule."""

    def make(room: SampleRoom) -> Event:
        room.join_rule(rule)
        if membership is not None:
            room.member(user_id, membership, ALICE)
        return room.membership(user_id, "join", **fields)

    return make


def _authorised(rule: str, authoriser: Any, invite: int = 0) -> Any:
    """Dave's join, authorised by Bob's server, or by somebody's else. Bob has power level 10."""

    def make(room: SampleRoom) -> Event:
        room.member(BOB, "join").member(CAROL, "invite", ALICE).power(invite=invite, users={BOB: 10, CAROL: 10})
        more = {} if authoriser is None else {"join_authorised_via_users_server": authoriser}
        return room.join_rule(rule).membership(DAVE, "join", more=more)

    return make


def _first_join(user_id: str) -> Any:
    def make(room: SampleRoom) -> Event:
        room.state.pop(("m.room.member", ALICE))
        return room.membership(user_id, "join", prev=[room.create.event_id])

    return make


JOIN_RULES = (
    RulePair(
        _MEMBER,
        "there is a state key",
        _joining(BOB, "public"),
        lambda room: room.join_rule("public").event("m.room.member", BOB, {"membership": "join"}),
        "member.state_key",
    ),
    RulePair(
        _MEMBER,
        "there is a membership",
        _joining(BOB, "public"),
        lambda room: room.join_rule("public").event("m.room.member", BOB, {}, state_key=BOB),
        "member.membership",
    ),
    RulePair(
        "v1-5 5.2.1, v6-7 4.2.1, v8-10 4.3.1",
        "right after the create event, the creator it names joins",
        _first_join(BOB),
        _first_join(ALICE),
        "join.invite",
        create={"creator": BOB},
    ),
    RulePair(
        "v11 4.3.1, v12 5.3.1",
        "right after the create event, its sender joins",
        _first_join(ALICE),
        _first_join(BOB),
        "join.invite",
        create={"creator": BOB, "additional_creators": [BOB]},
    ),
    RulePair(
        _join(2),
        "nobody joins for somebody else",
        _joining(BOB, "public"),
        _joining(BOB, "public", sender=ALICE),
        "join.sender",
    ),
    RulePair(_join(3), "the banned do not join", _joining(BOB, "public"), _joining(BOB, "public", "ban"), "join.ban"),
    RulePair(
        _join(4),
        "invite: who is invited joins",
        _joining(BOB, "invite", "invite"),
        _joining(BOB, "invite"),
        "join.invite",
    ),
    RulePair(
        _join(4),
        "invite: who has joined may join again",
        _joining(BOB, "invite", "join"),
        _joining(BOB, "invite", "leave"),
        "join.invite",
    ),
    RulePair(
        _join(4),
        "without join rules it is invite",
        lambda room: room.member(BOB, "invite", ALICE).membership(BOB, "join"),
        lambda room: room.membership(BOB, "join"),
        "join.invite",
    ),
    RulePair(
        "v7 4.2.4, v8-11 4.3.4, v12 5.3.4",
        "knock: who is invited joins, who knocked does not",
        _joining(BOB, "knock", "invite"),
        _joining(BOB, "knock", "knock"),
        "join.invite",
    ),
    RulePair(_join(5, 6), "public: anybody joins", _joining(BOB, "public"), _joining(BOB, "Public"), "join.rule"),
    RulePair(
        _join(6, 7),
        "other join rules let nobody in",
        _joining(BOB, "public"),
        _joining(BOB, "private", "invite"),
        "join.rule",
    ),
    RulePair(
        _join(6, 7),
        "a join rule is a string",
        _joining(BOB, "public"),
        _joining(BOB, ["public"], "invite"),
        "join.rule",
    ),
    RulePair(
        "v1-5 5.2.6, v6 4.2.6",
        "knock is no join rule before version 7",
        _joining(BOB, "invite", "invite"),
        _joining(BOB, "knock", "invite"),
        "join.rule",
    ),
    RulePair(
        "v1-5 5.2.6, v6-7 4.2.6",
        "restricted is no join rule before version 8",
        _joining(BOB, "invite", "invite"),
        _joining(BOB, "restricted", "invite"),
        "join.rule",
    ),
    RulePair(
        "v1-5 5.2.6, v6-7 4.2.6, v8-9 4.3.7",
        "knock_restricted is no join rule before version 10",
        _joining(BOB, "invite", "invite"),
        _joining(BOB, "knock_restricted", "invite"),
        "join.rule",
    ),
    *(
        RulePair(f"{versions}", f"{rule}: {says}", allowed, refused, refused_by)
        for rule, prefix in (("restricted", "v8-11 4.3.5"), ("knock_restricted", "v10-11 4.3.5"))
        for versions, says, allowed, refused, refused_by in (
            (
                f"{prefix}.1, v12 5.3.5.1",
                "who is invited needs nobody",
                _joining(DAVE, rule, "invite"),
                _joining(DAVE, rule, "leave"),
                "join.restricted",
            ),
            (
                f"{prefix}.1, v12 5.3.5.1",
                "who has joined needs nobody",
                _joining(DAVE, rule, "join"),
                _joining(DAVE, rule),
                "join.restricted",
            ),
            (
                f"{prefix}.2, v12 5.3.5.2",
                "who authorises it may invite",
                _authorised(rule, BOB, invite=10),
                _authorised(rule, BOB, invite=11),
                "join.authoriser",
            ),
            (
                f"{prefix}.2, v12 5.3.5.2",
                "who authorises it has joined",
                _authorised(rule, BOB),
                _authorised(rule, CAROL),
                "join.authoriser",
            ),
            (
                f"{prefix}.3, v12 5.3.5.3",
                "otherwise it is allowed",
                _authorised(rule, BOB),
                _authorised(rule, 5),
                "join.restricted",
            ),
        )
    ),
)
SIGNED = {*((str(version), "4.2.1") for version in range(8, 12)), ("12", "5.2.1")}
"""Rules that the check of signatures applies."""


class JoinRules(unittest.TestCase):
    def test_each_join_rule_allows_one_event_and_refuses_another(self) -> None:
        """`join`, and the form of a membership."""
        try_pairs(self, JOIN_RULES)

    def test_v8_rule_4_2_1_the_server_that_authorises_must_sign(self) -> None:
        """For every membership, not only joins; before version 8 the key has no meaning."""
        for version, rules in ROOM_VERSIONS.items():
            for membership in ("join", "leave"):
                more = {"join_authorised_via_users_server": CAROL}
                event = SampleRoom(version).membership(BOB, membership, more=more)
                expected = {"b.example"} | ({"c.example"} if rules.restricted_joins else set())
                expected |= {"b.example"} if rules.references_are_pairs else set()
                with self.subTest(version, membership=membership):
                    self.assertEqual(required_signers(event), expected)
        odd = SampleRoom("8").membership(BOB, "join", more={"join_authorised_via_users_server": None})
        with self.assertRaises(SignatureError):
            required_signers(odd)
