"""Keeping a user's dehydrated device, and what was sent to it.

https://github.com/matrix-org/matrix-spec-proposals/pull/3814
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

import msgspec

from homeserver.database import Database, Transaction
from homeserver.devices.records import check_device_id, check_display_name
from homeserver.protocol.errors import MatrixError, bad_json, forbidden, missing_param, not_found
from homeserver.slices.dehydrated_devices import queries

Json = dict[str, Any]

_GREATEST_DATA_BYTES = 65_536
_MOST_IN_AN_ANSWER = 100
_KEYS = ("device_keys", "one_time_keys", "fallback_keys")


class UserDevices(Protocol):
    """The devices of local users, within a transaction."""

    def ids_of(self, tx: Transaction, user_id: str) -> Collection[str]:
        """Their ids."""

    def open(self, tx: Transaction, user_id: str, device_id: str | None, display_name: str | None) -> str:
        """Add one."""

    def delete(self, tx: Transaction, user_id: str, device_ids: Collection[str]) -> Sequence[str]:
        """Remove some, with all that is kept for them."""


class PublishedKeys(Protocol):
    """The keys of devices."""

    def locks(self, user_id: str) -> Iterable[str]:
        """What a transaction holds that publishes keys."""

    def publish(self, tx: Transaction, user_id: str, device_id: str, body: Json) -> None:
        """Publish what a `/keys/upload` of that device has; 400 or 413 for what is wrong."""


class Messages(Protocol):
    """The messages to devices."""

    def messages_between(
        self, tx: Transaction, user_id: str, device_id: str, span: tuple[int, int], most: int
    ) -> tuple[list[Any], int | None]:
        """(events in (span[0], span[1]], at most so many; up to where they go if there are more)."""


class DehydratedDevices:
    """One for each user at most. `forget` takes part in the transactions in which devices are deleted, or are logged in
    with; `deactivate` in that of `AccountHooks.on_deactivated`."""

    def __init__(self, database: Database, devices: UserDevices, keys: PublishedKeys, messages: Messages) -> None:
        self._database = database
        self._devices = devices
        self._keys = keys
        self._messages = messages

    async def put(self, user_id: str, body: Json) -> str:
        """Keep a device, with its keys, in place of the one before; its id. 400 for what is missing or misshapen, 413
        `M_TOO_LARGE`, 403 `M_FORBIDDEN` for the id of a device that somebody is logged in with."""
        device_id, data, name = _read(body)
        await self._database.transact(
            self._put, user_id, (device_id, data, name), body, locks=tuple(self._keys.locks(user_id))
        )
        return device_id

    async def get(self, user_id: str) -> Json:
        """`device_id` and `device_data`; 404 `M_NOT_FOUND` where there is none."""
        found = await self._database.read(queries.find_device, user_id)
        if found is None:
            raise _no_device()
        return {"device_id": found[0], "device_data": msgspec.Raw(found[1].encode())}

    async def delete(self, user_id: str) -> str:
        """Delete it; its id. 404 `M_NOT_FOUND` where there is none."""
        return await self._database.transact(self._delete, user_id)

    async def events(self, user_id: str, device_id: str, since: int) -> tuple[list[Any], int, bool]:
        """(messages that it was sent after a position, up to where they go, whether there are more). They stay: who
        takes them up may fail half-way. 403 `M_FORBIDDEN` for another device.
        """
        upto = self._database.feed.position
        return await self._database.read(self._events, user_id, device_id, (since, upto))

    def ids_of(self, tx: Transaction, user_id: str) -> list[str]:
        """The id of a user's dehydrated device, if there is one."""
        found = queries.find_device(tx, user_id)
        return [] if found is None else [found[0]]

    def forget(self, tx: Transaction, user_id: str, device_ids: Sequence[str]) -> None:
        """These devices are gone, or are ordinary ones now."""
        queries.delete_devices(tx, user_id, device_ids)

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account has ended."""
        self._devices.delete(tx, user_id, self.ids_of(tx, user_id))

    def _put(self, tx: Transaction, user_id: str, device: tuple[str, str, str | None], body: Json) -> None:
        device_id, data, name = device
        self._devices.delete(tx, user_id, self.ids_of(tx, user_id))
        if device_id in self._devices.ids_of(tx, user_id):
            raise forbidden("device_id: somebody is logged in with this device.")
        self._devices.open(tx, user_id, device_id, name)
        queries.write_device(tx, user_id, device_id, data)
        self._keys.publish(tx, user_id, device_id, {each: body[each] for each in _KEYS if each in body})

    def _delete(self, tx: Transaction, user_id: str) -> str:
        deleted = self._devices.delete(tx, user_id, self.ids_of(tx, user_id))
        if not deleted:
            raise _no_device()
        return deleted[0]

    def _events(
        self, tx: Transaction, user_id: str, device_id: str, span: tuple[int, int]
    ) -> tuple[list[Any], int, bool]:
        if device_id not in self.ids_of(tx, user_id):
            raise forbidden("This is not your dehydrated device.")
        events, more_after = self._messages.messages_between(tx, user_id, device_id, span, _MOST_IN_AN_ANSWER)
        return events, max(span) if more_after is None else more_after, more_after is not None


def _read(body: Json) -> tuple[str, str, str | None]:
    """(device id, device data as JSON, display name)."""
    for name in ("device_id", "device_data", "device_keys"):
        if name not in body:
            raise missing_param(f"{name}: is missing.")
    device_id, data, display_name = body["device_id"], body["device_data"], body.get("initial_device_display_name")
    if not isinstance(device_id, str):
        raise bad_json("device_id: must be a string.")
    check_device_id(device_id)
    if not isinstance(data, dict) or not isinstance(data.get("algorithm"), str):
        raise bad_json("device_data: must be an object with the string `algorithm`.")
    encoded = msgspec.json.encode(data)
    if len(encoded) > _GREATEST_DATA_BYTES:
        raise MatrixError(413, "M_TOO_LARGE", f"device_data: has at most {_GREATEST_DATA_BYTES} bytes.")
    if display_name is not None and not isinstance(display_name, str):
        raise bad_json("initial_device_display_name: must be a string.")
    check_display_name(display_name or "")
    return device_id, encoded.decode(), display_name


def _no_device() -> MatrixError:
    return not_found("You have no dehydrated device.")
