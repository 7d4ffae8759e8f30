"""The rules for leaving, removing, banning and knocking. https://spec.matrix.org/v1.19/rooms/"""

from __future__ import annotations

import unittest
from typing import Any

from homeserver.protocol.events import Event
from tests.protocol.auth_rules.rule_pairs import RulePair, try_pairs
from tests.protocol.sample_rooms import ALICE, BOB, CAROL, SampleRoom


def _joining(room: SampleRoom) -> Event:
    return room.join_rule("public").membership(BOB, "join")


def _leave(number: int) -> str:
    return f"v1-5 5.4.{number}, v6-7 4.4.{number}, v8-11 4.5.{number}, v12 5.5.{number}"


def _ban(number: int) -> str:
    return f"v1-5 5.5.{number}, v6-7 4.5.{number}, v8-11 4.6.{number}, v12 5.6.{number}"


def _knock(number: int) -> str:
    return f"v7 4.6.{number}, v8-11 4.7.{number}, v12 5.7.{number}"


def _acting(membership: str, target: str | None, power: int = 50, target_power: int = 0, **levels: int) -> Any:
    """Bob, who has joined and has a power level, sets Carol's membership, which was another."""

    def make(room: SampleRoom) -> Event:
        room.member(BOB, "join").power(users={BOB: power, CAROL: target_power}, **levels)
        if target is not None:
            room.member(CAROL, target, ALICE)
        return room.membership(CAROL, membership, BOB)

    return make


def _outsider(membership: str) -> Any:
    def make(room: SampleRoom) -> Event:
        room.power(users={BOB: 100}).member(BOB, "leave").member(CAROL, "join")
        return room.membership(CAROL, membership, BOB)

    return make


def _own(membership: str, before: str | None) -> Any:
    def make(room: SampleRoom) -> Event:
        if before is not None:
            room.member(BOB, before, ALICE)
        return room.membership(BOB, membership)

    return make


def _knocking(rule: str, before: str | None = None, sender: str = BOB) -> Any:
    def make(room: SampleRoom) -> Event:
        room.join_rule(rule).member(CAROL, "join")
        if before is not None:
            room.member(BOB, before, ALICE)
        return room.membership(BOB, "knock", sender)

    return make


LEAVE_RULE_PAIRS = (
    RulePair(_leave(1), "who is invited declines", _own("leave", "invite"), _own("leave", None), "leave.own"),
    RulePair(_leave(1), "who has joined leaves", _own("leave", "join"), _own("leave", "ban"), "leave.own"),
    RulePair(
        "v7 4.4.1, v8-11 4.5.1, v12 5.5.1",
        "who knocked takes it back",
        _own("leave", "knock"),
        _own("leave", "leave"),
        "leave.own",
    ),
    RulePair(
        "v1-5 5.4.1, v6 4.4.1",
        "knock is nothing to leave before version 7",
        _own("leave", "join"),
        _own("leave", "knock"),
        "leave.own",
    ),
    RulePair(_leave(2), "who removes has joined", _acting("leave", "join", 100), _outsider("leave"), "leave.sender"),
    RulePair(
        _leave(3),
        "who unbans has the ban level",
        _acting("leave", "ban", 50, ban=50),
        _acting("leave", "ban", 50, ban=51),
        "leave.unban",
    ),
    RulePair(
        _leave(4),
        "who removes has the kick level",
        _acting("leave", "join", 20, kick=20),
        _acting("leave", "join", 20, kick=21),
        "leave.kick",
    ),
    RulePair(
        _leave(4),
        "who removes has more power",
        _acting("leave", "invite", 50, 49),
        _acting("leave", "invite", 50, 50),
        "leave.kick",
    ),
    RulePair(
        _leave(5),
        "who unbans has the kick level too",
        _acting("leave", "ban", 30, ban=30, kick=30),
        _acting("leave", "ban", 30, ban=30, kick=31),
        "leave.kick",
    ),
    RulePair(
        _leave(5),
        "the kick level is 50 by default",
        _acting("leave", "join"),
        _acting("leave", "join", 49),
        "leave.kick",
    ),
)
BAN_RULE_PAIRS = (
    RulePair(_ban(1), "who bans has joined", _acting("ban", "join", 100), _outsider("ban"), "ban.sender"),
    RulePair(
        _ban(2),
        "who bans has the ban level",
        _acting("ban", "join", 20, ban=20),
        _acting("ban", "join", 20, ban=21),
        "ban.level",
    ),
    RulePair(
        _ban(2), "who bans has more power", _acting("ban", None, 50, 49), _acting("ban", None, 50, 50), "ban.level"
    ),
    RulePair(
        _ban(3), "the ban level is 50 by default", _acting("ban", "leave"), _acting("ban", "leave", 49), "ban.level"
    ),
)
KNOCK_RULE_PAIRS = (
    RulePair(_knock(1), "the join rule is knock", _knocking("knock"), _knocking("public"), "knock.rule"),
    RulePair(
        "v7 4.6.1, v8-9 4.7.1",
        "knock_restricted is no such rule before version 10",
        _knocking("knock"),
        _knocking("knock_restricted"),
        "knock.rule",
    ),
    RulePair(
        "v10-11 4.7.1, v12 5.7.1",
        "the join rule is knock_restricted",
        _knocking("knock_restricted"),
        _knocking("restricted"),
        "knock.rule",
    ),
    RulePair(
        _knock(2),
        "nobody knocks for somebody else",
        _knocking("knock"),
        _knocking("knock", None, CAROL),
        "knock.sender",
    ),
    RulePair(
        _knock(3),
        "who has left knocks",
        _knocking("knock", "leave"),
        _knocking("knock", "join"),
        "knock.membership",
    ),
    RulePair(
        _knock(3),
        "who knocked may knock again",
        _knocking("knock", "knock"),
        _knocking("knock", "invite"),
        "knock.membership",
    ),
    RulePair(_knock(4), "the banned do not knock", _knocking("knock"), _knocking("knock", "ban"), "knock.membership"),
    RulePair(
        "v1-5 5.6, v6 4.6",
        "before version 7 nobody knocks",
        _joining,
        _knocking("knock"),
        "member.unknown",
    ),
    RulePair(
        "v1-5 5.6, v6 4.6, v7 4.7, v8-11 4.8, v12 5.8",
        "a membership is one of those that are known",
        _joining,
        lambda room: room.join_rule("public").membership(BOB, "Join"),
        "member.unknown",
    ),
    RulePair(
        "v1-5 5.6, v6 4.6, v7 4.7, v8-11 4.8, v12 5.8",
        "a membership is a string",
        _joining,
        lambda room: room.join_rule("public").membership(BOB, None),
        "member.unknown",
    ),
)
MEMBERSHIP_RULES = (*LEAVE_RULE_PAIRS, *BAN_RULE_PAIRS, *KNOCK_RULE_PAIRS)


class MembershipRules(unittest.TestCase):
    def test_each_leave_rule_allows_one_event_and_refuses_another(self) -> None:
        """`leave`: declining, leaving, removing, unbanning."""
        try_pairs(self, LEAVE_RULE_PAIRS)

    def test_each_ban_rule_allows_one_event_and_refuses_another(self) -> None:
        """`ban`."""
        try_pairs(self, BAN_RULE_PAIRS)

    def test_each_knock_rule_allows_one_event_and_refuses_another(self) -> None:
        """`knock`, and memberships that are unknown."""
        try_pairs(self, KNOCK_RULE_PAIRS)

    def test_a_creator_of_version_12_can_not_be_removed_or_banned(self) -> None:
        """Not even by the other creators, whose power is the same; a creator removes everybody else."""
        room = SampleRoom("12", {"additional_creators": [BOB]}).member(BOB, "join").member(CAROL, "join")
        room.power(users={CAROL: 2**53 - 1})
        for sender, target in ((CAROL, ALICE), (CAROL, BOB), (ALICE, BOB), (BOB, ALICE)):
            for membership in ("leave", "ban"):
                with self.subTest(sender=sender, target=target, membership=membership):
                    self.assertFalse(room.is_allowed(room.membership(target, membership, sender)))
        self.assertTrue(room.is_allowed(room.membership(CAROL, "ban", BOB)))
