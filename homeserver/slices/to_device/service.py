"""Taking messages to devices in and keeping them until they were seen.

https://spec.matrix.org/v1.19/client-server-api/#send-to-device-messaging
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from homeserver.database import Change, Database, Transaction
from homeserver.devices.records import wall_clock_ms
from homeserver.protocol.ids import is_valid_server_name, server_name_of
from homeserver.slices.to_device import queries
from homeserver.slices.to_device.messages import ALL_DEVICES, Json, Messages, Sending, in_pieces, received_messages

MOST_IN_AN_ANSWER = 100
MOST_OF_A_DEVICE = 10_000
_MOST_EMPTY = 10_000
_KEPT_MS = 3 * 24 * 3600 * 1000

DeviceIds = Callable[[Transaction, str], Sequence[str]]
"""(transaction, user id) to the ids of a local user's devices."""

QueueEdu = Callable[[Transaction, Collection[str], str, dict[str, Any], str | None], None]
"""(transaction, destinations, EDU type, content, None): sent until it was acknowledged."""


class ToDevice:
    """Messages to the devices of local users; those to others are handed on. Each arrival is published under
    `to_device` with the user's id as key.

    `delete_devices` takes part in the transaction of `Devices.on_devices_deleted`.
    """

    def __init__(self, database: Database, devices_of: DeviceIds, queue_edu: QueueEdu, server_name: str) -> None:
        self._database = database
        self._devices_of = devices_of
        self._queue_edu = queue_edu
        self._server_name = server_name
        # The devices for which nothing is stored, by user.
        self._empty: OrderedDict[str, set[str]] = OrderedDict()
        database.feed.subscribe("to_device", self._note_arrivals)

    async def send(self, sending: Sending, device_id: str | None, txn_id: str) -> None:
        """Deliver what a local user's device sends; nothing where the transaction was there before."""
        key = (sending.sender, device_id or "", f"sendToDevice/{sending.event_type}", txn_id)
        await self._database.transact(self._send, sending, key)

    async def receive(self, origin: str, content: Json) -> None:
        """An `m.direct_to_device` EDU; one that came before, or is not the origin's to send, is passed over.

        https://spec.matrix.org/v1.19/server-server-api/#send-to-device-messaging
        """
        received = received_messages(origin, content)
        if received is not None:
            message_id, sending = received
            await self._database.transact(self._receive, sending, (sending.sender, "", origin, message_id))

    def messages_between(
        self, tx: Transaction, user_id: str, device_id: str, span: tuple[int, int], most: int = MOST_IN_AN_ANSWER
    ) -> tuple[list[Json], int | None]:
        """(events in (span[0], span[1]], in order, at most so many; up to where they go if there are more)."""
        rows = queries.messages_between(tx, user_id, device_id, *span, most + 1)
        events: list[Any] = [msgspec.Raw(event) for _, event in rows[:most]]
        return events, rows[most - 1][0] if len(rows) > most else None

    async def acknowledge(self, user_id: str, device_id: str, position: int) -> None:
        """The device has seen everything up to a position."""
        if device_id in self._empty.get(user_id, ()):
            return
        looked_at = self._database.feed.position
        first = await self._database.glance(queries.first_position, user_id, device_id)
        if first is None:
            if looked_at == self._database.feed.position:
                self._note_empty(user_id, device_id)
        elif first <= position:
            await self._database.transact(queries.delete_upto, user_id, device_id, position)

    def delete_devices(self, tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
        """These devices are gone."""
        queries.delete_devices(tx, user_id, device_ids)

    async def reap(self) -> None:
        """Forget old transactions."""
        await self._database.transact(queries.delete_transactions_before, wall_clock_ms() - _KEPT_MS)

    def _send(self, tx: Transaction, sending: Sending, key: tuple[str, str, str, str]) -> None:
        if not queries.insert_transaction(tx, key, wall_clock_ms()):
            return
        by_server: dict[str, Messages] = {}
        for user_id, devices in sending.messages.items():
            by_server.setdefault(server_name_of(user_id), {})[user_id] = devices
        self._keep(tx, sending, by_server.pop(self._server_name, {}))
        for server_name, messages in by_server.items():
            if is_valid_server_name(server_name):
                self._hand_on(tx, server_name, Sending(sending.sender, sending.event_type, messages))

    def _receive(self, tx: Transaction, sending: Sending, key: tuple[str, str, str, str]) -> None:
        if queries.insert_transaction(tx, key, wall_clock_ms()):
            own = {
                user_id: devices
                for user_id, devices in sending.messages.items()
                if server_name_of(user_id) == self._server_name
            }
            self._keep(tx, sending, own)

    def _keep(self, tx: Transaction, sending: Sending, messages: Messages) -> None:
        """Keep messages for the devices that are there."""
        for user_id, devices in messages.items():
            contents = _by_device(devices, self._devices_of(tx, user_id))
            for device_id, content in contents.items():
                queries.insert_message(tx, user_id, device_id, tx.position, sending.encoded(content))
                queries.delete_beyond(tx, user_id, device_id, MOST_OF_A_DEVICE)
            if contents:
                tx.publish("to_device", user_id)

    def _hand_on(self, tx: Transaction, server_name: str, sending: Sending) -> None:
        for piece in in_pieces(sending):
            content = {
                "sender": sending.sender,
                "type": sending.event_type,
                "message_id": secrets.token_hex(16),
                "messages": piece,
            }
            self._queue_edu(tx, [server_name], "m.direct_to_device", content, None)

    def _note_arrivals(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._empty.pop(change.key, None)

    def _note_empty(self, user_id: str, device_id: str) -> None:
        self._empty.setdefault(user_id, set()).add(device_id)
        self._empty.move_to_end(user_id)
        if len(self._empty) > _MOST_EMPTY:
            self._empty.popitem(last=False)


def _by_device(devices: Mapping[str, Json], known: Iterable[str]) -> Mapping[str, Json]:
    """The content for each device that there is; one that is named gets what is for it rather than what is for all."""
    contents: dict[str, Json] = {}
    for device_id in known:
        content = devices.get(device_id, devices.get(ALL_DEVICES))
        if content is not None:
            contents[device_id] = content
    return contents
