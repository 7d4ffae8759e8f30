"""A person with matrix-nio, a client library of others, and its end-to-end encryption."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nio import (
    AsyncClient,
    AsyncClientConfig,
    KeyVerificationStart,
    LoginResponse,
    MegolmEvent,
    RoomMessageText,
    SyncResponse,
)

from tests.support.api_client import User

_PATIENCE_S = 90.0


class NioClient:
    """A device of a user. `texts`: what it could read of each room, in order; `unread`: what it could not."""

    def __init__(self, user: User, folder: Path) -> None:
        self.user = user
        self.texts: list[str] = []
        self.unread: list[MegolmEvent] = []
        self.verifications: list[KeyVerificationStart] = []
        config = AsyncClientConfig(encryption_enabled=True, store_sync_tokens=False, pickle_key="of a test")
        self.client = AsyncClient(user.url, user.user_id, user.device_id, str(folder), config)
        self.client.add_event_callback(self._read, RoomMessageText)
        self.client.add_event_callback(self._not_read, MegolmEvent)
        self.client.add_to_device_callback(self._started, KeyVerificationStart)

    @property
    def known_devices(self) -> Any:
        """The devices it knows, by user and device id."""
        return self.client.device_store

    def device_of(self, other: NioClient) -> Any:
        """Another's device, as this one knows it; None where it does not."""
        return self.known_devices[other.user.user_id].get(other.user.device_id)

    def has_session_with(self, other: NioClient) -> bool:
        """Whether it has claimed a one-time key of another's, or the other way around."""
        device = self.device_of(other)
        return device is not None and self.client.olm.session_store.get(device.curve25519) is not None

    async def open(self) -> None:
        """Take up the login, and publish the device's keys."""
        login = LoginResponse(self.user.user_id, self.user.device_id, self.user.token)
        await self.client.receive_response(login)
        await self.step()

    async def step(self) -> None:
        """One `/sync`, and what a client does after it: publish keys, ask for those of others, send what is due."""
        answer = await self.client.sync(timeout=50, full_state=False)
        assert isinstance(answer, SyncResponse), answer
        if self.client.should_upload_keys:
            await self.client.keys_upload()
        if self.client.should_query_keys:
            await self.client.keys_query()
        if self.client.should_claim_keys:
            await self.client.keys_claim(self.client.get_users_for_key_claiming())
        await self.client.send_to_device_messages()

    async def say(self, room_id: str, text: str) -> None:
        """Send an encrypted message to every device that is known, verified or not."""
        content = {"msgtype": "m.text", "body": text}
        await self.client.room_send(room_id, "m.room.message", content, ignore_unverified_devices=True)

    async def _read(self, room: Any, event: RoomMessageText) -> None:
        if event.decrypted:
            self.texts.append(event.body)

    async def _not_read(self, room: Any, event: MegolmEvent) -> None:
        self.unread.append(event)

    async def _started(self, event: KeyVerificationStart) -> None:
        self.verifications.append(event)


async def until(clients: Sequence[NioClient], is_done: Callable[[], Any]) -> Any:
    """Let everybody go on until something holds; returns it."""
    end_s = time.monotonic() + _PATIENCE_S
    while not (found := is_done()):
        if time.monotonic() > end_s:
            raise AssertionError("the clients waited in vain")
        await asyncio.gather(*(each.step() for each in clients))
    return found
