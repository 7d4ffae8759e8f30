"""The authorisation rules of every room version.

https://spec.matrix.org/v1.19/server-server-api/#authorization-rules
"""

from __future__ import annotations

from homeserver.protocol.auth_rules.auth_events import auth_state_keys, check_auth_events
from homeserver.protocol.auth_rules.rules import check_auth
from homeserver.protocol.auth_rules.verdict import AuthError

__all__ = ["AuthError", "auth_state_keys", "check_auth", "check_auth_events"]
