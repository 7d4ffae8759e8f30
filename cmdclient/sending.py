"""How an event gets into a room: encrypted where the room is, and once, also when an answer is lost.

https://spec.matrix.org/v1.19/client-server-api/#sending-events-to-a-room
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from cmdclient.client import api_path
from cmdclient.errors import ApiError, TransportError
from cmdclient.session import Session

_PAUSES_S = (0.5, 2.0, 5.0)


def send_event(session: Session, room_id: str, kind: str, content: dict[str, Any]) -> dict[str, Any]:
    """The answer of the server: `{"event_id": ...}`."""
    # Reactions are not encrypted: servers count them.
    if kind != "m.reaction" and is_encrypted(session, room_id):
        kind, content = session.encryption.encrypt(room_id, kind, content)
    path = api_path("rooms", room_id, "send", kind, secrets.token_urlsafe(12))
    for pause_s in _PAUSES_S:
        try:
            return session.client.put(path, content)
        except TransportError as error:
            # The same transaction id: had it arrived, the server would say so and not send it again.
            session.output.warn(f"{error} Trying again.")
            time.sleep(pause_s)
    return session.client.put(path, content)


def is_encrypted(session: Session, room_id: str) -> bool:
    """Whether a room is encrypted; once it is, it stays so. The server is asked each time until then."""
    if session.rooms.is_encrypted(room_id):
        return True
    try:
        session.client.get(api_path("rooms", room_id, "state", "m.room.encryption"))
    except ApiError as error:
        if error.status == 404:
            return False
        raise
    return True


def text_content(text: str, msgtype: str = "m.text") -> dict[str, Any]:
    """The content of a message; what is markdown is sent as HTML, too.

    https://spec.matrix.org/v1.19/client-server-api/#mtext
    """
    content = {"msgtype": msgtype, "body": text}
    # Loaded only now: most runs send nothing.
    from markdown_it import MarkdownIt

    # HTML that was typed is shown as it was typed.
    rendered = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("strikethrough").render(text).strip()
    inner = rendered.removeprefix("<p>").removesuffix("</p>")
    if "<" in inner.replace("<br />", ""):
        is_paragraph = rendered.count("<p>") == 1 and rendered.startswith("<p>") and rendered.endswith("</p>")
        content |= {"format": "org.matrix.custom.html", "formatted_body": inner if is_paragraph else rendered}
    return content
