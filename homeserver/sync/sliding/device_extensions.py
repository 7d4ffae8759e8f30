"""The extensions for end-to-end encryption: messages to the device, and keys and lists of devices.

https://github.com/matrix-org/matrix-spec-proposals/pull/3885 (to-device), 3884 (end-to-end encryption)
"""

from __future__ import annotations

import re

from homeserver.database import Transaction
from homeserver.protocol.errors import invalid_param
from homeserver.protocol.requester import Requester
from homeserver.sync.encryption import EncryptionSources
from homeserver.sync.sliding.ask import SlidingAsk
from homeserver.sync.sliding.asking import Extensions
from homeserver.sync.sliding.draft import Json

_TOKEN = re.compile(r"m(\d{1,18})\Z")
#: Without any of these, nobody's devices have changed, and the same people share rooms.
_LIST_TOPICS = ("devices", "device_lists", "members", "membership")


def parse_to_device_token(text: str) -> int:
    """The position of a `since` of the to-device extension; 400 `M_INVALID_PARAM`."""
    match = _TOKEN.match(text)
    if match is None:
        raise invalid_param("extensions.to_device.since: this is no token of this server.")
    return int(match[1])


class DeviceExtensions:
    """What is for one device alone."""

    def __init__(self, sources: EncryptionSources) -> None:
        self._sources = sources

    async def acknowledge(self, requester: Requester, extensions: Extensions, position: int) -> None:
        """The client has the messages up to its `since`, and need not be given them again, whatever connection asks.
        `position`: where the server is; what lies beyond is no token of it."""
        ask = extensions.to_device
        if ask is not None and ask.since is not None and requester.device_id is not None and ask.since <= position:
            await self._sources.to_device.acknowledge(requester.user_id, requester.device_id, ask.since)

    def add_to_device(self, tx: Transaction, ask: SlidingAsk, answer: Json) -> bool:
        """The messages after `since`, and in any case the token for the next request."""
        wanted, device_id = ask.request.extensions.to_device, ask.requester.device_id
        if wanted is None or device_id is None:
            return False
        since = min(wanted.since or 0, ask.upto.position)
        events: list[Json] = []
        seen: int | None = None
        if ask.changes.has_topic("to_device", since):
            span = (since, ask.upto.position)
            events, seen = self._sources.to_device.messages_between(tx, ask.user_id, device_id, span, wanted.limit)
        answer["to_device"] = {"next_batch": f"m{ask.upto.position if seen is None else seen}", "events": events}
        return bool(events)

    def add_e2ee(self, tx: Transaction, ask: SlidingAsk, answer: Json) -> bool:
        """Whose devices changed since the last answer; nobody's in the first one, when a client asks for all. The
        counts of keys follow from `with_key_counts`; that they changed is worth an answer."""
        if not ask.request.extensions.has_e2ee or ask.requester.device_id is None:
            return False
        answer["e2ee"] = {}
        if ask.told.is_first:
            return False
        since = ask.told.place.position
        if any(ask.changes.has_topic(topic, since) for topic in _LIST_TOPICS):
            lists = self._sources.device_lists.device_lists_between(tx, ask.user_id, since, ask.upto.position)
            if lists:
                answer["e2ee"]["device_lists"] = lists
        return bool(answer["e2ee"]) or ask.changes.has_topic("one_time_keys", since)

    async def with_key_counts(self, requester: Requester, answer: Json) -> Json:
        """The extension's answers with the counts as they are now, which always stand there."""
        if "e2ee" not in answer or requester.device_id is None:
            return answer
        counts = await self._sources.key_counts.key_counts(requester.user_id, requester.device_id)
        return {**answer, "e2ee": {**answer["e2ee"], **counts}}
