"""The extension that tells of people's profiles: whole where somebody is new to the client, then what has changed.

https://github.com/matrix-org/matrix-spec-proposals/pull/4262
"""

from __future__ import annotations

import zlib
from collections.abc import Collection

from homeserver.database import Transaction
from homeserver.sync.sliding.ask import SlidingAsk
from homeserver.sync.sliding.asking import ProfilesAsk
from homeserver.sync.sliding.draft import Draft, Json
from homeserver.sync.sliding.extensions import in_scope
from homeserver.sync.sliding.sources import ProfileSource

_TOLD = "profiles"
_FIELDS = "profile_fields"
_TOPICS = ("profiles", "profiles_in", "members", "membership")
#: So many people of a room are told of at once where a client begins to ask for something of all of them.
_MOST_OF_A_ROOM = 1_000


class ProfileExtension:
    """Callable within a transaction."""

    def __init__(self, source: ProfileSource) -> None:
        self._source = source

    def add(
        self, tx: Transaction, ask: SlidingAsk, drafts: Collection[Draft], answer: Json, told: dict[str, int]
    ) -> bool:
        """Add to `answer` what is new, and say whether that is worth an answer."""
        wanted = ask.request.extensions.profiles
        if wanted is None:
            return False
        memory, upto = ask.told.memory.extensions, ask.upto.position
        since, mark = memory.get(_TOLD, 0), _mark(wanted)
        users: dict[str, Json | None] = {}
        if since and any(ask.changes.has_topic(topic, since) for topic in _TOPICS):
            users.update(self._changed(tx, ask, wanted, since))
        people = {user_id for draft in in_scope(wanted.scope, drafts) for user_id in draft.people}
        if not ask.told.is_first and memory.get(_FIELDS) != mark:
            people |= self._everybody(tx, wanted, drafts)
        for user_id, content in self._source.contents(tx, people).items():
            known = {field: value for field, value in content.items() if wanted.has(field)}
            is_gone = user_id in users and users[user_id] is None
            if known and not is_gone:
                users[user_id] = {"updated": known}
        if users or since == 0 or memory.get(_FIELDS) != mark:
            told.update({_TOLD: upto, _FIELDS: mark})
        if users:
            answer[wanted.name] = {"users": users}
        return bool(users)

    def _changed(self, tx: Transaction, ask: SlidingAsk, wanted: ProfilesAsk, since: int) -> dict[str, Json | None]:
        upto = ask.upto.position
        users: dict[str, Json | None] = dict.fromkeys(self._source.gone_between(tx, ask.user_id, since, upto))
        changed = self._source.changed_between(tx, ask.user_id, since, upto)
        contents = self._source.contents(tx, list(changed))
        for user_id, fields in changed.items():
            content = contents.get(user_id, {})
            updated = {field: content[field] for field in fields if field in content and wanted.has(field)}
            removed = sorted(field for field in fields if field not in content and wanted.has(field))
            parts: Json = {**({"updated": updated} if updated else {}), **({"removed": removed} if removed else {})}
            if parts:
                users[user_id] = parts
        return users

    def _everybody(self, tx: Transaction, wanted: ProfilesAsk, drafts: Collection[Draft]) -> set[str]:
        """The client asks for other fields than before: those of all who are in its rooms."""
        people: set[str] = set()
        for draft in in_scope(wanted.scope, drafts, joined_only=True):
            people.update(list(self._source.members(tx, draft.row.room_nid))[:_MOST_OF_A_ROOM])
        return people


def _mark(wanted: ProfilesAsk) -> int:
    """A number for the fields that are asked for."""
    return zlib.crc32("\n".join(["*"] if wanted.fields is None else sorted(wanted.fields)).encode())
