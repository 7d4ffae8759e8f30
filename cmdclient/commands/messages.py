"""Commands that say something in a room, and read what was said: send, reply, edit, react, redact, messages."""

from __future__ import annotations

import secrets
import sys
from typing import Any

from cmdclient.client import api_path
from cmdclient.errors import UsageError
from cmdclient.registry import command
from cmdclient.sending import send_event, text_content
from cmdclient.session import Session
from cmdclient.views import Answer, EventView

_DEFAULT_MESSAGES = 10
_GREATEST_MESSAGES = 10_000
_PAGE = 100
_STANDARD_INPUT = "-"
_KEY_COLUMNS = 20


@command("send", "ROOM TEXT...", "Send a message; markdown is understood. /me before it makes it an emote; - reads it.")
def send(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#mroommessage"""
    room_id, text = session.room_id(arguments[0]), _text(arguments[1])
    if text.startswith("/me "):
        return _sent(session, room_id, text_content(text.removeprefix("/me "), "m.emote"))
    return _sent(session, room_id, text_content(text))


@command("me", "ROOM TEXT...", "Send an emote: what you do, in the third person.")
def emote(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#memote"""
    return _sent(session, session.room_id(arguments[0]), text_content(_text(arguments[1]), "m.emote"))


@command("reply", "ROOM EVENT TEXT...", "Reply to an event. EVENT is its id, or ^ for the last message of others.")
def reply(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#rich-replies"""
    room_id = session.room_id(arguments[0])
    event_id = _event_id(session, room_id, arguments[1], is_own=False)
    content = text_content(_text(arguments[2]))
    content["m.relates_to"] = {"m.in_reply_to": {"event_id": event_id}}
    return _sent(session, room_id, content)


@command("thread", "ROOM EVENT TEXT...", "Say something in the thread that an event begins.")
def thread(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#threading"""
    room_id = session.room_id(arguments[0])
    root = _event_id(session, room_id, arguments[1], is_own=False)
    content = text_content(_text(arguments[2]))
    content["m.relates_to"] = {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": root},
    }
    return _sent(session, room_id, content)


@command("edit", "ROOM EVENT TEXT...", "Replace the text of a message of yours. EVENT is its id, or ^ for the last.")
def edit(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#event-replacements"""
    room_id = session.room_id(arguments[0])
    event_id = _event_id(session, room_id, arguments[1], is_own=True)
    fresh = text_content(_text(arguments[2]))
    content = {
        **fresh,
        "body": f"* {fresh['body']}",
        "m.new_content": fresh,
        "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
    }
    return _sent(session, room_id, content)


@command("react", "ROOM EVENT KEY", "React to an event with an emoji. EVENT is its id, or ^ for the last of others.")
def react(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#event-annotations-and-reactions"""
    room_id = session.room_id(arguments[0])
    event_id = _event_id(session, room_id, arguments[1], is_own=False)
    if len(arguments[2]) > _KEY_COLUMNS:
        raise UsageError("A reaction is an emoji or a short word.")
    relation = {"rel_type": "m.annotation", "event_id": event_id, "key": arguments[2]}
    answer = send_event(session, room_id, "m.reaction", {"m.relates_to": relation})
    return Answer(answer, [f"Sent {answer.get('event_id')}"])


@command("redact", "ROOM EVENT [REASON...]", "Take away what an event says. EVENT is its id, or ^ for your last.")
def redact(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidredacteventidtxnid"""
    room_id = session.room_id(arguments[0])
    event_id = _event_id(session, room_id, arguments[1], is_own=True)
    path = api_path("rooms", room_id, "redact", event_id, secrets.token_urlsafe(12))
    answer = session.client.put(path, {"reason": arguments[2]} if len(arguments) == 3 else {})
    return Answer(answer, [f"Redacted {event_id}"])


@command("messages", "ROOM [N]", f"The last N events of a room (default {_DEFAULT_MESSAGES}), the oldest first.")
def messages(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmessages"""
    wanted = number(arguments[1], _GREATEST_MESSAGES) if len(arguments) == 2 else _DEFAULT_MESSAGES
    room_id = session.room_id(arguments[0])
    found = [session.decrypted(room_id, event) for event in last_events(session, room_id, wanted)]
    return Answer(found, [EventView(event) for event in found] or ["There is nothing to see in the room."])


@command("history", "ROOM [N]", "The same as messages.")
def history(session: Session, arguments: list[str]) -> Answer:
    """The name that people look for first."""
    return messages(session, arguments)


def last_events(session: Session, room_id: str, wanted: int) -> list[dict[str, Any]]:
    """Up to `wanted` of the last events of a room, the oldest first."""
    found: list[dict[str, Any]] = []
    start: str | None = None
    while len(found) < wanted:
        query = {"dir": "b", "limit": str(min(_PAGE, wanted - len(found)))} | ({"from": start} if start else {})
        page = session.client.get(api_path("rooms", room_id, "messages"), query)
        found += page.get("chunk", [])
        start = page.get("end")
        if start is None:
            break
    return found[:wanted][::-1]


def number(text: str, most: int) -> int:
    """A number from 1 to `most` that was typed. UsageError for anything else."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise UsageError(f"{text!r} is no number from 1 to {most}.")
    return int(text)


def _sent(session: Session, room_id: str, content: dict[str, Any]) -> Answer:
    answer = send_event(session, room_id, "m.room.message", content)
    return Answer(answer, [f"Sent {answer.get('event_id')}"])


def _text(word: str) -> str:
    if word != _STANDARD_INPUT or sys.stdin.isatty():
        return word
    text = sys.stdin.read().rstrip("\n")
    if not text:
        raise UsageError("There was nothing on standard input.")
    return text


def _event_id(session: Session, room_id: str, word: str, is_own: bool) -> str:
    """The event that a word means: an id, or `^` for the last message, of oneself or of others."""
    if word.startswith("$"):
        return word
    if word != "^":
        raise UsageError(f"{word!r} is no event id; those begin with $. ^ is the last message.")
    own = session.get_login().user_id
    for event in reversed(last_events(session, room_id, _PAGE)):
        is_said = event.get("type") in ("m.room.message", "m.room.encrypted", "m.sticker")
        is_edit = "m.new_content" in event.get("content", {})
        if is_said and not is_edit and event.get("content") and (event.get("sender") == own) == is_own:
            return str(event.get("event_id"))
    raise UsageError(f"There is no message of {'yours' if is_own else 'others'} among the last {_PAGE} events.")
