"""The device's keys, sessions and what it trusts, in a file; requests are made by this program's own client.

The cryptography is matrix-nio's, which does no input or output here. Loading it takes half a second, so this module is
imported only where something is encrypted.
https://spec.matrix.org/v1.19/client-server-api/#end-to-end-encryption
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import nio
from nio.crypto.attachments import decrypt_attachment, encrypt_attachment
from nio.events.to_device import ToDeviceEvent
from nio.rooms import MatrixRoom

from cmdclient.client import Client, api_path
from cmdclient.credentials import Login
from cmdclient.errors import CommandError

_REMEMBERED_MESSAGES = 10_000
_KEY_ALGORITHM = "signed_curve25519"

#: What is told of every to-device message once nio has seen it: its type, who sent it, and its content.
Listener = Callable[[str, str, dict[str, Any]], None]


class Machine:
    """The encryption of one device. May be used by several threads."""

    def __init__(self, client: Client, login: Login, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._http = client
        self._login = login
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._seen: dict[bytes, None] = {}
        self._members: dict[str, set[str]] = {}
        self._requested: set[str] = set()
        self._token_file = folder / f"{_safe(login)}.token"
        config = nio.ClientConfig(store=nio.store.SqliteStore, store_name=f"{_safe(login)}.db", encryption_enabled=True)
        self._nio = nio.Client(login.user_id, login.device_id, str(folder), config)
        self._nio.restore_login(login.user_id, login.device_id, login.access_token)
        self._upload_keys()

    def listen(self, listener: Listener) -> None:
        """Have every to-device message told from now on."""
        self._listeners.append(listener)

    def catch_up(self, timeout_ms: int = 0) -> None:
        """Fetch what other devices have sent meanwhile, waiting up to `timeout_ms` for the first."""
        nothing: dict[str, Any] = {"types": []}
        room = {"rooms": [], "timeline": nothing, "state": nothing, "ephemeral": nothing, "account_data": nothing}
        wanted = {"presence": nothing, "account_data": nothing, "room": room}
        query = {"filter": json.dumps(wanted), "timeout": str(timeout_ms), "set_presence": "offline"}
        if self._token_file.exists():
            query["since"] = self._token_file.read_text(encoding="utf-8")
        answer = self._http.request("GET", api_path("sync"), query=query, timeout_s=timeout_ms / 1000 + 30)
        self.apply_sync(answer)

    def apply_sync(self, answer: dict[str, Any]) -> None:
        """Take over the messages, device lists and key counts of an answer of /sync."""
        with self._lock:
            for message in answer.get("to_device", {}).get("events", []):
                self._receive(message)
            changed = {each for each in answer.get("device_lists", {}).get("changed", []) if isinstance(each, str)}
            self._olm.add_changed_users(changed & self._tracked())
            count = answer.get("device_one_time_keys_count", {}).get(_KEY_ALGORITHM)
            if isinstance(count, int):
                self._olm.uploaded_key_count = count
            self._after_messages()
            # Only now: had it ended before, the messages would be sent again.
            self._token_file.write_text(str(answer.get("next_batch")), encoding="utf-8")

    def encrypt(self, room_id: str, kind: str, content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Type and content of the encrypted event; everybody in the room has the key for it before this returns."""
        with self._lock:
            if room_id not in self._members:
                self.catch_up()
            self._share_session(room_id)
            encrypted_kind, encrypted = self._nio.encrypt(room_id, kind, content)
            return encrypted_kind, {**encrypted, "device_id": self._login.device_id}

    def decrypt(self, room_id: str, event: dict[str, Any]) -> dict[str, Any]:
        """The event with type and content of what was encrypted, or as it was when there is no key for it."""
        with self._lock:
            parsed = nio.Event.parse_event({"unsigned": {}, **event})
            if not isinstance(parsed, nio.MegolmEvent):
                return event
            parsed.room_id = room_id
            try:
                plain = self._nio.decrypt_event(parsed).source
            except nio.EncryptionError:
                self._ask_for_key(parsed)
                return event
        unsigned = {**event.get("unsigned", {}), "encrypted": True}
        return {**event, "type": plain["type"], "content": plain["content"], "unsigned": unsigned}

    def device(self, user_id: str, device_id: str) -> nio.crypto.OlmDevice:
        """A device whose keys are known. CommandError for one that is not there."""
        with self._lock:
            self._query({user_id})
            try:
                return self._nio.device_store[user_id][device_id]
            except KeyError:
                raise CommandError(f"{user_id} has no device {device_id} with keys; see: keys {user_id}") from None

    def trust_of(self, user_id: str, device_id: str) -> str:
        """`verified`, `this device`, or nothing."""
        if (user_id, device_id) == (self._login.user_id, self._login.device_id):
            return "this device"
        with self._lock:
            self._query({user_id})
            known = self._nio.device_store[user_id].get(device_id) if user_id in self._nio.device_store.users else None
            return "verified" if known is not None and self._olm.is_device_verified(known) else ""

    def send_to_device(self, kind: str, user_id: str, device_id: str, content: dict[str, Any]) -> None:
        """https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3sendtodeviceeventtypetxnid"""
        path = api_path("sendToDevice", kind, secrets.token_urlsafe(12))
        self._http.put(path, {"messages": {user_id: {device_id: content}}})

    def flush(self) -> None:
        """Send what nio wants to tell other devices."""
        with self._lock:
            for message in list(self._nio.outgoing_to_device_messages):
                self.send_to_device(message.type, message.recipient, message.recipient_device, message.content)
                self._nio.receive_response(nio.ToDeviceResponse(message))

    @property
    def nio_client(self) -> nio.Client:
        """For verification, which is nio's, too."""
        return self._nio

    @property
    def _olm(self) -> Any:
        assert self._nio.olm is not None
        return self._nio.olm

    def _receive(self, message: Any) -> None:
        digest = hashlib.sha256(json.dumps(message, sort_keys=True).encode()).digest()
        if digest in self._seen or not isinstance(message, dict):
            # An initial sync, as the list of rooms makes one, has them again.
            return
        self._seen[digest] = None
        if len(self._seen) > _REMEMBERED_MESSAGES:
            del self._seen[next(iter(self._seen))]
        parsed = ToDeviceEvent.parse_event(message)
        if parsed is not None:
            self._olm.handle_to_device_event(parsed)
        content = message.get("content")
        for listener in self._listeners:
            listener(str(message.get("type")), str(message.get("sender")), content if isinstance(content, dict) else {})

    def _after_messages(self) -> None:
        self._olm.clear_verifications()
        self._olm.collect_key_requests()
        if self._nio.should_claim_keys:
            self._claim(self._nio.get_users_for_key_claiming(), "")
        self._upload_keys()
        self.flush()

    def _upload_keys(self) -> None:
        if self._nio.should_upload_keys:
            counts = self._http.post(api_path("keys", "upload"), self._olm.share_keys()).get("one_time_key_counts", {})
            self._nio.receive_response(nio.KeysUploadResponse(0, int(counts.get(_KEY_ALGORITHM, 0))))

    def _tracked(self) -> set[str]:
        return set(self._nio.device_store.users) | {user for users in self._members.values() for user in users}

    def _share_session(self, room_id: str) -> None:
        # https://spec.matrix.org/v1.19/client-server-api/#sending-encrypted-events
        members = self._fetch_members(room_id)
        before = self._members.get(room_id)
        if before is not None and before - members:
            # Who has left must not be able to read on.
            self._nio.invalidate_outbound_session(room_id)
        self._query(members if before is None else (members - before) | (members & self._olm.users_for_key_query))
        self._members[room_id] = members
        if self._olm.should_share_group_session(room_id) and (missing := self._nio.get_missing_sessions(room_id)):
            self._claim(missing, room_id)
        self._send_session(room_id, members)

    def _send_session(self, room_id: str, members: set[str]) -> None:
        while self._olm.should_share_group_session(room_id):
            shared, message = self._olm.share_group_session(
                room_id, sorted(members), ignore_missing_sessions=True, ignore_unverified_devices=True
            )
            if message["messages"]:
                self._http.put(api_path("sendToDevice", "m.room.encrypted", secrets.token_urlsafe(12)), message)
            self._nio.receive_response(nio.ShareGroupSessionResponse(room_id, shared))
            if not shared:
                # Nobody else has a device that could read it.
                self._olm.outbound_group_sessions[room_id].shared = True

    def _fetch_members(self, room_id: str) -> set[str]:
        # Those who are invited read what is said before they join.
        chunk = self._http.get(api_path("rooms", room_id, "members"), {"not_membership": "leave"}).get("chunk", [])
        memberships = {event.get("state_key"): event.get("content", {}).get("membership") for event in chunk}
        members = {str(user) for user, membership in memberships.items() if membership in ("join", "invite")}
        room = MatrixRoom(room_id, self._login.user_id, encrypted=True)
        for user_id in members:
            room.add_member(user_id, None, None)
        room.members_synced = True
        self._nio.rooms[room_id] = room
        return members

    def _query(self, users: Iterable[str]) -> None:
        wanted = set(users) | set(self._olm.users_for_key_query)
        if wanted:
            answer = self._http.post(api_path("keys", "query"), {"device_keys": {user: [] for user in sorted(wanted)}})
            self._nio.receive_response(nio.KeysQueryResponse(answer.get("device_keys", {}), answer.get("failures", {})))

    def _claim(self, devices: dict[str, list[str]], room_id: str) -> None:
        wanted = {user: dict.fromkeys(names, _KEY_ALGORITHM) for user, names in devices.items()}
        answer = self._http.post(api_path("keys", "claim"), {"one_time_keys": wanted})
        keys = answer.get("one_time_keys", {})
        self._nio.receive_response(nio.KeysClaimResponse(keys, answer.get("failures", {}), room_id))

    def _ask_for_key(self, event: nio.MegolmEvent) -> None:
        """Ask the other devices of this account, once, for the key of what cannot be read."""
        if event.session_id in self._requested:
            return
        self._requested.add(event.session_id)
        request = event.as_key_request(self._login.user_id, self._login.device_id)
        self.send_to_device(request.type, request.recipient, "*", request.content)
        self._nio.receive_response(nio.ToDeviceResponse(request))


def seal_file(content: bytes) -> tuple[bytes, dict[str, Any]]:
    """A file encrypted, and what its event says of the key.

    https://spec.matrix.org/v1.19/client-server-api/#sending-encrypted-attachments
    """
    sealed, keys = encrypt_attachment(content)
    return sealed, dict(keys)


def open_file(sealed: bytes, keys: dict[str, Any]) -> bytes:
    """The content of an encrypted file. CommandError for one that was changed."""
    try:
        opened: bytes = decrypt_attachment(sealed, keys["key"]["k"], keys["hashes"]["sha256"], keys["iv"])
    except (KeyError, TypeError, ValueError, nio.EncryptionError) as error:
        raise CommandError("The file could not be decrypted: it is not what its sender uploaded.") from error
    return opened


def _safe(login: Login) -> str:
    return hashlib.sha256(f"{login.user_id}\n{login.device_id}".encode()).hexdigest()[:24]
