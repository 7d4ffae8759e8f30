"""Whose invites a user takes, by the filter that they have set.

https://github.com/matrix-org/matrix-spec-proposals/pull/4155
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from homeserver.protocol.globs import whole_matcher
from homeserver.protocol.ids import server_name_of

_LISTS = ("allowed_users", "ignored_users", "blocked_users", "allowed_servers", "ignored_servers", "blocked_servers")


class InviteVerdict(Enum):
    """What becomes of an invite. IGNORE: its user is not told of it, and the inviter learns nothing of that. BLOCK: it
    is refused."""

    ALLOW = "allowed"
    IGNORE = "ignored"
    BLOCK = "blocked"


def judge_invite(content: Mapping[str, Any], inviter: str) -> InviteVerdict:
    """Judge by the content of an `invite_permission_config`: users before servers, and of each what is allowed before
    what is ignored, and that before what is blocked. A content with a list that is none of strings says nothing."""
    lists = {name: content.get(name, []) for name in _LISTS}
    if content.get("enabled", True) is False or not all(_is_list_of_texts(one) for one in lists.values()):
        return InviteVerdict.ALLOW
    for kind, name in (("users", inviter), ("servers", _host(server_name_of(inviter)))):
        for verdict in InviteVerdict:
            if any(whole_matcher(glob)(name) for glob in lists[f"{verdict.value}_{kind}"]):
                return verdict
    return InviteVerdict.ALLOW


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _host(server_name: str) -> str:
    """A server name without its port."""
    if server_name.startswith("["):
        return server_name.partition("]")[0] + "]"
    return server_name.partition(":")[0]
