"""Commands about the account: register, login, logout, whoami, displayname."""

from __future__ import annotations

from typing import Any

from cmdclient.client import Client, api_path
from cmdclient.credentials import Login
from cmdclient.errors import ApiError, CommandError, TransportError, UsageError
from cmdclient.registry import command
from cmdclient.session import Answer, Session
from homeserver.protocol.ids import is_valid_user_id, localpart_of

_DEVICE_NAME = "hearth-cli"
_DUMMY = "m.login.dummy"


@command("register", "USER [PASSWORD]", "Make an account and log in. USER is the part before the colon.")
def register(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3register"""
    username = localpart_of(arguments[0]) if arguments[0].startswith("@") else arguments[0]
    if len(arguments) == 2:
        password = arguments[1]
    else:
        password = session.ask_password(f"New password for {username}")
        if session.ask_password("The same again") != password:
            raise UsageError("The two passwords differ.")
    body = {"username": username, "password": password, "initial_device_display_name": _DEVICE_NAME}
    anonymous = session.client.with_token(None)
    path = api_path("register")
    try:
        answer = anonymous.post(path, body)
    except ApiError as error:
        if error.status != 401 or "flows" not in error.body:
            raise
        answer = anonymous.post(path, {**body, "auth": _dummy_stage(error.body)})
    return _begun(session, answer, "Registered and logged in")


@command("login", "USER [PASSWORD]", "Log in. USER is a user id or the part of it before the colon.")
def login(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3login"""
    user = arguments[0]
    if user.startswith("@") and not is_valid_user_id(user):
        raise UsageError(f"{user!r} is no user id; one looks like @alice:example.org")
    password = arguments[1] if len(arguments) == 2 else session.ask_password(f"Password of {user}")
    body: dict[str, Any] = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user},
        "password": password,
        "initial_device_display_name": _DEVICE_NAME,
    }
    previous = session.login
    if previous is not None and user in (previous.user_id, localpart_of(previous.user_id)):
        # The same device again: its list on the server does not grow with every login.
        body["device_id"] = previous.device_id
    return _begun(session, session.client.with_token(None).post(api_path("login"), body), "Logged in")


@command("logout", "", "End the login: its token is of no use any more.")
def logout(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3logout"""
    user_id = session.get_login().user_id
    try:
        session.client.post(api_path("logout"))
    except ApiError as error:
        if error.errcode != "M_UNKNOWN_TOKEN":
            raise
    session.end()
    return Answer({"user_id": user_id}, [f"Logged out {user_id}."])


@command("whoami", "", "Who is logged in, by what the server says.")
def whoami(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3accountwhoami"""
    session.get_login()
    answer = session.client.get(api_path("account", "whoami"))
    return Answer(answer, [f"{answer.get('user_id')} on device {answer.get('device_id', '(none)')}"])


@command("displayname", "[TEXT...]", "Show your display name, or set it.")
def displayname(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3profileuseriddisplayname"""
    user_id = session.get_login().user_id
    path = api_path("profile", user_id, "displayname")
    if arguments:
        answer = session.client.put(path, {"displayname": arguments[0]})
        return Answer(answer, [f"Your display name is now {arguments[0]}"])
    try:
        answer = session.client.get(path)
    except ApiError as error:
        if error.errcode != "M_NOT_FOUND":
            raise
        answer = {}
    return Answer(answer, [answer.get("displayname") or "You have no display name. Set one: displayname TEXT"])


def _dummy_stage(challenge: dict[str, Any]) -> dict[str, str]:
    flows = [flow.get("stages", []) for flow in challenge["flows"]]
    if [_DUMMY] not in flows and [] not in flows:
        wanted = " or ".join(" and ".join(stages) for stages in flows)
        raise CommandError(f"The server registers only with {wanted}, which hearth-cli cannot do. Use a web client.")
    return {"type": _DUMMY, "session": str(challenge.get("session", ""))}


def _begun(session: Session, answer: dict[str, Any], sentence: str) -> Answer:
    try:
        made = Login(answer["user_id"], answer["device_id"], answer["access_token"])
    except KeyError as error:
        raise TransportError(f"The answer of the server lacks {error.args[0]}.") from error
    previous, client = session.login, session.client
    session.begin(made)
    lines = [f"{sentence} as {made.user_id} on device {made.device_id}."]
    if previous is not None and previous.device_id != made.device_id and _is_ended(client):
        lines.append(f"The login of {previous.user_id} was ended.")
    return Answer({"user_id": made.user_id, "device_id": made.device_id}, lines)


def _is_ended(client: Client) -> bool:
    # Its token is kept nowhere any more, so nobody could end that login later.
    try:
        client.post(api_path("logout"))
    except CommandError:
        return False
    return True
