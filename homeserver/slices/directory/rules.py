"""Who may name and list rooms, as the operator says (`alias_creation_rules`, `room_list_publication_rules`)."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from homeserver.config.rooms import RoomsConfig, Rule
from homeserver.protocol.errors import forbidden


class DirectoryRules:
    """Of each list the first rule that fits decides; where none does, the answer is no."""

    def __init__(self, config: RoomsConfig) -> None:
        self._creation = config.alias_creation_rules
        self._publication = config.publication_rules
        self.needs_membership = config.require_membership_for_aliases

    def check_may_name(self, user_id: str, room_id: str, alias: str) -> None:
        """Raise 403 `M_FORBIDDEN` where the user may not give a room this alias."""
        if not _is_allowed(self._creation, user_id, room_id, [alias]):
            raise forbidden("This server does not let you give rooms this alias.")

    def check_may_list(self, user_id: str, room_id: str, aliases: Sequence[str]) -> None:
        """Raise 403 `M_FORBIDDEN` where the user may not list a room that has these aliases."""
        if not _is_allowed(self._publication, user_id, room_id, aliases):
            raise forbidden("This server does not let you list this room.")


def _is_allowed(rules: Iterable[Rule], user_id: str, room_id: str, aliases: Sequence[str]) -> bool:
    for rule in rules:
        fits_alias = rule.alias == "*" or any(_fits(rule.alias, alias) for alias in aliases)
        if fits_alias and _fits(rule.user_id, user_id) and _fits(rule.room_id, room_id):
            return rule.is_allowed
    return False


def _fits(glob: str, text: str) -> bool:
    return _pattern(glob).match(text) is not None


@lru_cache(maxsize=256)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(glob))
