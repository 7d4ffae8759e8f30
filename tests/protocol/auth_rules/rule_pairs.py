"""One line of the tables of authorisation rules, and how it is tried."""

from __future__ import annotations

import re
import unittest
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from homeserver.protocol.auth_rules import AuthError, check_auth
from homeserver.protocol.events import Event
from tests.protocol.sample_rooms import SampleRoom

Make = Callable[[SampleRoom], Event]
_NUMBERS = re.compile(r"v(\d+)(?:-(\d+))? ([\d.]+)")


def _check_with_state(room: SampleRoom, event: Event) -> None:
    check_auth(event, room.state)


@dataclass(frozen=True, slots=True)
class RulePair:
    """A rule, an event that gets past it (or that it allows) and one that does not.

    `numbers`: "v1-5 5.2.3, v6-7 4.2.3": the rule's number in the specification of each room version.
    `refused_by`: the name of our rule that refuses the second event. `create`: more content of the create event.
    """

    numbers: str
    says: str
    allowed: Make
    refused: Make
    refused_by: str
    create: Mapping[str, Any] = field(default_factory=dict)
    check: Callable[[SampleRoom, Event], None] = _check_with_state

    def places(self) -> Iterable[tuple[str, str]]:
        """(room version, the rule's number there)."""
        for first, last, number in _NUMBERS.findall(self.numbers):
            for version in range(int(first), int(last or first) + 1):
                yield str(version), number


def try_pairs(test: unittest.TestCase, pairs: Iterable[RulePair]) -> None:
    """Fail unless each pair's first event is allowed, and its second refused by the rule it names."""
    for pair in pairs:
        for version, number in pair.places():
            with test.subTest(f"v{version} rule {number}: {pair.says}"):
                room = SampleRoom(version, pair.create)
                pair.check(room, pair.allowed(room))
                room = SampleRoom(version, pair.create)
                event = pair.refused(room)
                with test.assertRaises(AuthError) as caught:
                    pair.check(room, event)
                test.assertEqual(caught.exception.rule, pair.refused_by)
