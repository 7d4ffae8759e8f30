"""Commands about encryption: encrypt, verify."""

from __future__ import annotations

from cmdclient.client import api_path
from cmdclient.errors import CommandError, UsageError
from cmdclient.registry import command
from cmdclient.session import Session
from cmdclient.views import Answer, Table

_PATIENCE_S = 120.0


@command("encrypt", "ROOM", "Turn on encryption in a room, for good.")
def encrypt(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#mroomencryption"""
    room_id = session.room_id(arguments[0])
    path = api_path("rooms", room_id, "state", "m.room.encryption")
    answer = session.client.put(path, {"algorithm": "m.megolm.v1.aes-sha2"})
    return Answer(answer, ["What is said from now on is encrypted."])


@command("verify", "[USER] [DEVICE]", "Verify a device by comparing emoji; without arguments, who asks for it.")
def verify(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#short-authentication-string-sas-verification"""
    session.get_login()
    waiting = session.encryption.waiting_requests()
    if not arguments:
        rows = list(waiting)
        return Answer(rows, [Table(rows, ("user", "device")) if rows else "Nobody asks for a verification."])
    user_id = session.user_id(arguments[0])
    device_id = arguments[1] if len(arguments) == 2 else _only_device(waiting, user_id)
    if session.set_stream is not None:
        # Two readers of one stream would take each other's messages away.
        session.set_stream(False)
    verification = session.encryption.new_verification(user_id, device_id)
    verification.begin(waiting.get((user_id, device_id)))
    session.output.write(f"Waiting for {user_id} on {device_id} ...")
    for picture, name in verification.emoji(_PATIENCE_S):
        # The name first: terminals disagree about how wide the pictures are.
        session.output.write(f"    {name:<12}  {picture}")
    if session.ask_line("Does the other device show the same? (yes/no)", "yes").strip().lower() not in ("y", "yes"):
        verification.cancel("m.mismatched_sas", "The emoji differ.")
        raise CommandError("The device was not verified: the emoji differ, so somebody may be in between.")
    verification.confirm(_PATIENCE_S)
    return Answer({"user_id": user_id, "device_id": device_id}, [f"{device_id} of {user_id} is verified."])


def _only_device(waiting: dict[tuple[str, str], str], user_id: str) -> str:
    devices = [device for user, device in waiting if user == user_id]
    if len(devices) != 1:
        raise UsageError(f"Name the device: verify USER DEVICE. Those there are: keys {user_id}")
    return devices[0]
