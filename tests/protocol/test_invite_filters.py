"""Whose invites a user takes.

https://github.com/matrix-org/matrix-spec-proposals/pull/4155
"""

from __future__ import annotations

import unittest
from typing import Any

from homeserver.protocol.invite_filters import InviteVerdict, judge_invite

ALLOW, IGNORE, BLOCK = InviteVerdict.ALLOW, InviteVerdict.IGNORE, InviteVerdict.BLOCK
JOHN, EVE = "@john:goodguys.org", "@eve:badguys.org:8448"

#: Content, inviter, verdict: the proposal's examples and its rules of precedence.
CASES: list[tuple[dict[str, Any], str, InviteVerdict]] = [
    ({}, EVE, ALLOW),
    ({"blocked_servers": ["*"]}, JOHN, BLOCK),
    ({"enabled": False, "blocked_servers": ["*"]}, EVE, ALLOW),
    ({"allowed_servers": ["goodguys.org"], "blocked_servers": ["*"]}, JOHN, ALLOW),
    ({"allowed_servers": ["goodguys.org"], "blocked_servers": ["*"]}, EVE, BLOCK),
    ({"blocked_servers": ["badguys.org"]}, EVE, BLOCK),
    ({"blocked_servers": ["badguys.org:8448"]}, EVE, ALLOW),
    ({"blocked_servers": ["badguys.org"]}, JOHN, ALLOW),
    ({"blocked_users": [JOHN], "allowed_servers": ["goodguys.org"], "blocked_servers": ["*"]}, JOHN, BLOCK),
    ({"allowed_users": ["@eve:*"], "blocked_servers": ["badguys.org"]}, EVE, ALLOW),
    ({"ignored_servers": ["bad*"], "blocked_servers": ["*"]}, EVE, IGNORE),
    ({"ignored_users": [EVE], "blocked_users": [EVE]}, EVE, IGNORE),
    ({"allowed_users": [EVE], "ignored_users": [EVE]}, EVE, ALLOW),
    ({"ignored_users": [EVE], "allowed_servers": ["*"]}, EVE, IGNORE),
    ({"blocked_servers": ["*"], "blocked_users": "all"}, EVE, ALLOW),
    ({"blocked_servers": ["*", 1]}, EVE, ALLOW),
    ({"blocked_servers": ["[::1]"]}, "@eve:[::1]:8448", BLOCK),
]


class InviteFilterTest(unittest.TestCase):
    """The rules of the proposal."""

    def test_each_invite_is_judged_by_the_first_rule_that_matches(self) -> None:
        """A content that is not as it should be says nothing."""
        for content, inviter, expected in CASES:
            with self.subTest(content=content, inviter=inviter):
                self.assertIs(judge_invite(content, inviter), expected)
