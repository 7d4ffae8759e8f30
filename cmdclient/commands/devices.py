"""Commands about devices and their keys: devices, keys."""

from __future__ import annotations

from cmdclient.client import api_path
from cmdclient.errors import UsageError
from cmdclient.interactive_auth import request_with_stages
from cmdclient.printing import moment
from cmdclient.registry import command
from cmdclient.session import Session
from cmdclient.views import Answer, Table


@command("devices", "[delete|rename] [DEVICE] [NAME...]", "Your devices; end the login of one, or rename it.")
def devices(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3devices"""
    own = session.get_login().device_id
    match arguments:
        case []:
            answer = session.client.get(api_path("devices"))
            rows = [
                (
                    "*" if each.get("device_id") == own else "",
                    str(each.get("device_id")),
                    each.get("display_name") or "",
                    moment(each.get("last_seen_ts")) if each.get("last_seen_ts") else "",
                    each.get("last_seen_ip") or "",
                )
                for each in answer.get("devices", [])
            ]
            return Answer(answer, [Table(rows, ("", "device", "name", "last seen", "from"))])
        case ["rename", device, name]:
            session.client.put(api_path("devices", device), {"display_name": name})
            return Answer({"device_id": device}, [f"{device} is called {name} now."])
        case ["delete", device]:
            if device == own:
                raise UsageError("That is the device you are using; end it with: logout")
            request_with_stages(session, session.client, "DELETE", api_path("devices", device), {})
            return Answer({"device_id": device}, [f"{device} is logged out."])
    raise UsageError("Usage: devices | devices rename DEVICE NAME | devices delete DEVICE")


@command("keys", "[USER]", "The devices of a user with their keys, and whether you have verified them.")
def keys(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery"""
    user_id = session.user_id(arguments[0]) if arguments else session.get_login().user_id
    answer = session.client.post(api_path("keys", "query"), {"device_keys": {user_id: []}})
    rows = [
        (
            device_id,
            str(device.get("unsigned", {}).get("device_display_name") or ""),
            str(device.get("keys", {}).get(f"ed25519:{device_id}") or ""),
            session.encryption.trust_of(user_id, device_id) if session.has_encryption else "",
        )
        for device_id, device in sorted(answer.get("device_keys", {}).get(user_id, {}).items())
    ]
    table = Table(rows, ("device", "name", "fingerprint", "trust"))
    return Answer(answer, [table] if rows else [f"{user_id} has no device with keys."])
