"""Commands about files: upload, download, show a picture."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from cmdclient.client import api_path
from cmdclient.errors import UsageError
from cmdclient.files import read_file, safe_name, write_new_file
from cmdclient.registry import command
from cmdclient.sending import is_encrypted, send_event
from cmdclient.session import Session
from cmdclient.views import Answer, Picture

_UPLOAD_PATH = "/_matrix/media/v3/upload"
_DOWNLOAD_PATH = "/_matrix/client/v1/media/download"


@command("upload", "ROOM FILE", "Send a file to a room; - for ROOM only uploads it, and shows its address.")
def upload(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixmediav3upload"""
    content, name = read_file(arguments[1])
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if arguments[0] == "-":
        session.get_login()
        answer = session.client.upload(_UPLOAD_PATH, content, kind, {"filename": name})
        return Answer(answer, [f"Uploaded {answer.get('content_uri')}"])
    room_id = session.room_id(arguments[0])
    message: dict[str, object] = {"msgtype": _msgtype(kind), "body": name, "filename": name}
    message["info"] = {"mimetype": kind, "size": len(content)}
    if is_encrypted(session, room_id):
        sealed, keys = session.encryption.seal_file(content)
        answer = session.client.upload(_UPLOAD_PATH, sealed, "application/octet-stream", {})
        message["file"] = {**keys, "url": answer.get("content_uri")}
    else:
        answer = session.client.upload(_UPLOAD_PATH, content, kind, {"filename": name})
        message["url"] = answer.get("content_uri")
    sent = send_event(session, room_id, "m.room.message", message)
    data = {**sent, "content_uri": answer.get("content_uri")}
    return Answer(data, [f"Sent {sent.get('event_id')} with {answer.get('content_uri')}"])


@command("download", "MXC|ROOM [EVENT|FILE] [FILE]", "Download a file by its mxc:// address, or that of an event.")
def download(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediadownloadservernamemediaid

    Without FILE, under the name that it has, in the present folder; a file that is there already is not overwritten.
    """
    session.get_login()
    if arguments[0].startswith("mxc://"):
        content, kind, name = _fetch(session, arguments[0])
        target = Path(arguments[1] if len(arguments) > 1 else safe_name(name or arguments[0].rpartition("/")[2]))
    else:
        content, kind, name = _file_of_event(session, arguments)
        target = Path(arguments[2] if len(arguments) > 2 else safe_name(name))
    write_new_file(target.expanduser(), content)
    caption = f"Saved {target} ({len(content)} bytes)"
    data = {"file": str(target), "size": len(content), "content_type": kind}
    return Answer(data, [Picture(content, caption) if kind.startswith("image/") else caption])


def _file_of_event(session: Session, arguments: list[str]) -> tuple[bytes, str, str]:
    if len(arguments) < 2:
        raise UsageError("Usage: download MXC [FILE] | download ROOM EVENT [FILE]")
    room_id = session.room_id(arguments[0])
    event = session.decrypted(room_id, session.client.get(api_path("rooms", room_id, "event", arguments[1])))
    content = event.get("content", {})
    name = str(content.get("filename") or content.get("body") or "file")
    if isinstance(content.get("file"), dict):
        sealed, _, _ = _fetch(session, str(content["file"].get("url")))
        kind = str(content.get("info", {}).get("mimetype") or "application/octet-stream")
        return session.encryption.open_file(sealed, content["file"]), kind, name
    if not isinstance(content.get("url"), str):
        raise UsageError("That event has no file.")
    found, kind, _ = _fetch(session, content["url"])
    return found, kind, name


def _fetch(session: Session, uri: str) -> tuple[bytes, str, str | None]:
    server, mark, media_id = uri.removeprefix("mxc://").partition("/")
    if not uri.startswith("mxc://") or not mark or not server or "/" in media_id or not media_id:
        raise UsageError(f"{uri!r} is no address of a file; one looks like mxc://example.org/abc")
    got = session.client.download(f"{_DOWNLOAD_PATH}/{'/'.join(api_path(server, media_id).split('/')[-2:])}")
    return got.content, got.content_type, got.name


def _msgtype(kind: str) -> str:
    family = kind.partition("/")[0]
    return f"m.{family}" if family in ("image", "video", "audio") else "m.file"
