"""Messages to devices: the shapes in which clients and servers send them, and how they are split for other servers.

https://spec.matrix.org/v1.19/client-server-api/#send-to-device-messaging
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from homeserver.protocol.errors import MatrixError, bad_json, invalid_param
from homeserver.protocol.ids import is_short_enough, is_valid_user_id, server_name_of

Json = dict[str, Any]
Messages = dict[str, dict[str, Json]]
"""User id to device id (`*`: all the user's devices) to content."""

ALL_DEVICES = "*"
GREATEST_EVENT_BYTES = 65_536
#: What one EDU holds at most, so that a hundred of them are no more than a server takes at once.
_GREATEST_EDU_BYTES = 65_536
_GREATEST_MESSAGE_ID_CHARS = 255


@dataclass(frozen=True, slots=True)
class Sending:
    """Who sends what kind of message to whom."""

    sender: str
    event_type: str
    messages: Messages = field(repr=False)

    def encoded(self, content: Json) -> bytes:
        """The JSON that a client gets."""
        return msgspec.json.encode({"content": content, "sender": self.sender, "type": self.event_type})


def checked_messages(messages: Any, sender: str, event_type: str) -> Sending:
    """What a client sends; 400 `M_BAD_JSON` or `M_INVALID_PARAM` for a wrong shape, 413 `M_TOO_LARGE`."""
    if not event_type or not is_short_enough(event_type):
        raise invalid_param("eventType: must have at most 255 bytes.")
    if not isinstance(messages, dict):
        raise bad_json("messages: must be an object of user IDs.")
    for user_id, devices in messages.items():
        if not is_valid_user_id(user_id):
            raise invalid_param(f"messages: {user_id[:255]!r} is not a user ID.")
        if not isinstance(devices, dict) or not all(isinstance(content, dict) for content in devices.values()):
            raise bad_json(f"messages.{user_id}: must be an object of device IDs, each with an object.")
        if not all(is_short_enough(device_id) for device_id in devices):
            raise invalid_param(f"messages.{user_id}: a device ID has at most 255 bytes.")
    sending = Sending(sender, event_type, messages)
    for devices in messages.values():
        for content in devices.values():
            if len(sending.encoded(content)) > GREATEST_EVENT_BYTES:
                raise MatrixError(413, "M_TOO_LARGE", f"A message has at most {GREATEST_EVENT_BYTES} bytes.")
    return sending


def received_messages(origin: str, content: Json) -> tuple[str, Sending] | None:
    """(message id, the messages that are as they should be) of an `m.direct_to_device` EDU; None for one that is not
    its origin's to send.

    https://spec.matrix.org/v1.19/server-server-api/#send-to-device-messaging
    """
    sender, event_type, message_id = content.get("sender"), content.get("type"), content.get("message_id")
    messages = content.get("messages")
    if not isinstance(sender, str) or not is_valid_user_id(sender) or server_name_of(sender) != origin:
        return None
    if not isinstance(event_type, str) or not event_type or not is_short_enough(event_type):
        return None
    if not isinstance(message_id, str) or not 0 < len(message_id) <= _GREATEST_MESSAGE_ID_CHARS:
        return None
    if "\0" in message_id + event_type or not message_id.isprintable() or not isinstance(messages, dict):
        return None
    sending = Sending(sender, event_type, {})
    for user_id, devices in messages.items():
        if not isinstance(devices, dict) or not is_valid_user_id(user_id):
            continue
        good = {
            device_id: one
            for device_id, one in devices.items()
            if isinstance(one, dict) and is_short_enough(device_id) and _is_small(sending, one)
        }
        if good:
            sending.messages[user_id] = good
    return message_id, sending


def in_pieces(sending: Sending) -> Iterator[Messages]:
    """The messages in as many pieces as are needed to keep each EDU small."""
    piece: Messages = {}
    size_bytes = 0
    for user_id, devices in sending.messages.items():
        for device_id, content in devices.items():
            more_bytes = len(msgspec.json.encode(content)) + len(user_id) + len(device_id) + 10
            if piece and size_bytes + more_bytes > _GREATEST_EDU_BYTES:
                yield piece
                piece, size_bytes = {}, 0
            piece.setdefault(user_id, {})[device_id] = content
            size_bytes += more_bytes
    if piece:
        yield piece


def _is_small(sending: Sending, content: Json) -> bool:
    try:
        return len(sending.encoded(content)) <= GREATEST_EVENT_BYTES
    except (UnicodeEncodeError, RecursionError):
        return False
