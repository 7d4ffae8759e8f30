"""What `/sync` tells for end-to-end encryption: messages to the device, how many one-time keys it has left, and whose
devices changed.

https://spec.matrix.org/v1.19/client-server-api/#e2e-extensions-to-sync
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from homeserver.database import Transaction
from homeserver.protocol.requester import Requester
from homeserver.sync.answer import Ask
from homeserver.sync.sources import Json
from homeserver.sync.tokens import SyncToken


class ToDeviceSource(Protocol):
    """Messages to devices."""

    def messages_between(
        self, tx: Transaction, user_id: str, device_id: str, span: tuple[int, int], most: int = 100
    ) -> tuple[list[Json], int | None]:
        """(events in (span[0], span[1]], in order, at most so many; up to where they go if there are more)."""

    async def acknowledge(self, user_id: str, device_id: str, position: int) -> None:
        """The device has seen everything up to a position."""


class KeyCountSource(Protocol):
    """One-time and fallback keys."""

    async def key_counts(self, user_id: str, device_id: str) -> Json:
        """`device_one_time_keys_count` and `device_unused_fallback_key_types`."""


class DeviceListSource(Protocol):
    """When users' devices changed."""

    def device_lists_between(self, tx: Transaction, user_id: str, since: int, upto: int) -> Json:
        """`changed` and `left`, in (since, upto], each where there is anybody."""


#: Without any of these, nobody's devices have changed, and the same people share rooms.
_LIST_TOPICS = ("devices", "device_lists", "members", "membership")


@dataclass(frozen=True, slots=True)
class EncryptionSources:
    """All that is composed."""

    to_device: ToDeviceSource
    key_counts: KeyCountSource
    device_lists: DeviceListSource


class EncryptionSection:
    """Composes it."""

    def __init__(self, sources: EncryptionSources) -> None:
        self._to_device = sources.to_device
        self._key_counts = sources.key_counts
        self._device_lists = sources.device_lists

    async def acknowledge(self, requester: Requester, since: SyncToken) -> None:
        """A device comes back with a token: what it was told with that need not be told again."""
        if requester.device_id is not None:
            await self._to_device.acknowledge(requester.user_id, requester.device_id, _seen(since))

    async def always(self, requester: Requester) -> Json:
        """What stands in every answer, whether it changed or not."""
        if requester.device_id is None:
            return {}
        return await self._key_counts.key_counts(requester.user_id, requester.device_id)

    def add_to(self, tx: Transaction, ask: Ask, answer: Json) -> None:
        """Put what is new into the answer; `next_batch` where not all messages fit."""
        if ask.requester.device_id is None:
            return
        if ask.since is not None and ask.has_topic("one_time_keys"):
            # Enough to end a long poll; the counts as they are then follow from `always`.
            answer["device_one_time_keys_count"] = {}
        if ask.since is not None and any(ask.has_topic(topic) for topic in _LIST_TOPICS):
            lists = self._device_lists.device_lists_between(
                tx, ask.requester.user_id, ask.since.position, ask.upto.position
            )
            if lists:
                answer["device_lists"] = lists
        self._add_messages(tx, ask, ask.requester.device_id, answer)

    def _add_messages(self, tx: Transaction, ask: Ask, device_id: str, answer: Json) -> None:
        since = ask.since
        if not (ask.has_topic("to_device") or (since is not None and since.to_device is not None)):
            return
        after = 0 if since is None else _seen(since)
        events, told = self._to_device.messages_between(
            tx, ask.requester.user_id, device_id, (after, ask.upto.position)
        )
        if events:
            answer["to_device"] = {"events": events}
        if told is not None:
            answer["next_batch"] = str(replace(ask.upto, to_device=told))


def _seen(token: SyncToken) -> int:
    """Up to where the holder of a token has seen messages."""
    return token.position if token.to_device is None else token.to_device
