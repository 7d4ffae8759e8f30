"""`/password_policy`: what a new password must have, so that clients can say so before they send one.

It is a proposal, MSC2000, that clients have asked servers for since; a password that does not satisfy the policy is
refused with the specification's `M_WEAK_PASSWORD`.
"""

from __future__ import annotations

from homeserver.config.accounts import PasswordPolicy
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route


class PasswordPolicyEndpoints:
    """The policy of the configuration."""

    def __init__(self, policy: PasswordPolicy) -> None:
        self._policy = policy

    @route("GET", "/_matrix/client/v3/password_policy", access=Access.NONE)
    async def get_policy(self, request: Request) -> Json:
        """The conditions there are; nothing where there are none.

        https://github.com/matrix-org/matrix-spec-proposals/pull/2000
        """
        policy = self._policy
        conditions = {
            "m.minimum_length": policy.minimum_length,
            "m.require_digit": policy.require_digit,
            "m.require_symbol": policy.require_symbol,
            "m.require_lowercase": policy.require_lowercase,
            "m.require_uppercase": policy.require_uppercase,
        }
        return {name: value for name, value in conditions.items() if value}
