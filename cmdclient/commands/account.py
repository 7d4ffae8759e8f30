"""Commands about accounts: register, login, logout, accounts, switch, whoami, password."""

from __future__ import annotations

from typing import Any

from cmdclient.client import api_path
from cmdclient.credentials import Account, Login
from cmdclient.errors import ApiError, TransportError, UsageError
from cmdclient.interactive_auth import request_with_stages
from cmdclient.registry import command
from cmdclient.session import Session
from cmdclient.views import Answer, Table
from homeserver.protocol.ids import is_valid_user_id, localpart_of

_DEVICE_NAME = "hearth-cli"


@command("register", "USER [PASSWORD]", "Make an account and log in. USER is the part before the colon.")
def register(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3register"""
    username = localpart_of(arguments[0]) if arguments[0].startswith("@") else arguments[0]
    password = arguments[1] if len(arguments) == 2 else _new_password(session, f"New password for {username}")
    body = {"username": username, "password": password, "initial_device_display_name": _DEVICE_NAME}
    answer = request_with_stages(session, session.client.with_token(None), "POST", api_path("register"), body)
    return _begun(session, answer, "Registered and logged in")


@command(
    "login",
    "USER [PASSWORD]",
    "Log in. USER is a user id or the part of it before the colon. Also: login token TOKEN; login browser.",
)
def login(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3login"""
    if arguments == ["browser"]:
        # Here, as it brings an HTTP server that few need, and the first prompt is to come soon.
        from cmdclient.browser_login import login_token_from_browser

        return _log_in(session, _token_body(login_token_from_browser(session)))
    if arguments[0] == "token" and len(arguments) == 2:
        return _log_in(session, _token_body(arguments[1]))
    user = arguments[0]
    if user.startswith("@") and not is_valid_user_id(user):
        raise UsageError(f"{user!r} is no user id; one looks like @alice:example.org")
    password = arguments[1] if len(arguments) == 2 else session.ask_password(f"Password of {user}")
    body: dict[str, Any] = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user},
        "password": password,
    }
    for account in session.credentials.accounts():
        known = account.login
        if account.homeserver == session.client.homeserver and user in (known.user_id, localpart_of(known.user_id)):
            # The same device again: its list on the server does not grow with every login.
            body["device_id"] = known.device_id
    return _log_in(session, body)


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
    lines = [f"Logged out {user_id}."]
    if session.login is not None:
        lines.append(f"You are {session.login.user_id} now.")
    return Answer({"user_id": user_id}, lines)


@command("accounts", "", "All logins; the first of each homeserver is the one in use there.")
def accounts(session: Session, arguments: list[str]) -> Answer:
    """From the file of logins; no server is asked."""
    found = session.credentials.accounts()
    rows = [(_mark(session, each), each.login.user_id, each.login.device_id, each.homeserver) for each in found]
    data = [
        {"user_id": each.login.user_id, "device_id": each.login.device_id, "homeserver": each.homeserver}
        for each in found
    ]
    table = Table(rows, ("", "user", "device", "homeserver"))
    return Answer(data, [table] if rows else ["Nobody is logged in. Log in: login USER"])


@command("switch", "USER", "Be another of those who are logged in: a user id, or its beginning.")
def switch(session: Session, arguments: list[str]) -> Answer:
    """The homeserver is that account's from now on."""
    word = arguments[0]
    wanted = word if word.startswith("@") else f"@{word}"
    found = [each for each in session.credentials.accounts() if each.login.user_id.startswith(wanted)]
    exact = [each for each in found if each.login.user_id == wanted or localpart_of(each.login.user_id) == wanted[1:]]
    found = exact or found
    if len(found) != 1:
        names = ", ".join(each.login.user_id for each in found or session.credentials.accounts())
        raise UsageError(f"{word!r} means {len(found)} accounts. Logged in are: {names or 'none'}")
    session.use_account(found[0])
    user_id = found[0].login.user_id
    return Answer({"user_id": user_id, "homeserver": found[0].homeserver}, [f"You are {user_id} now."])


@command("whoami", "", "Who is logged in, by what the server says.")
def whoami(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3accountwhoami"""
    session.get_login()
    answer = session.client.get(api_path("account", "whoami"))
    return Answer(answer, [f"{answer.get('user_id')} on device {answer.get('device_id', '(none)')}"])


@command("password", "", "Change the password; other devices stay logged in.")
def password(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3accountpassword"""
    session.get_login()
    fresh = _new_password(session, "New password")
    path = api_path("account", "password")
    answer = request_with_stages(
        session, session.client, "POST", path, {"new_password": fresh, "logout_devices": False}
    )
    return Answer(answer, ["The password was changed."])


def _new_password(session: Session, prompt: str) -> str:
    fresh = session.ask_password(prompt)
    if session.ask_password("The same again") != fresh:
        raise UsageError("The two passwords differ.")
    return fresh


def _token_body(token: str) -> dict[str, Any]:
    return {"type": "m.login.token", "token": token}


def _log_in(session: Session, body: dict[str, Any]) -> Answer:
    body["initial_device_display_name"] = _DEVICE_NAME
    return _begun(session, session.client.with_token(None).post(api_path("login"), body), "Logged in")


def _begun(session: Session, answer: dict[str, Any], sentence: str) -> Answer:
    try:
        made = Login(answer["user_id"], answer["device_id"], answer["access_token"])
    except KeyError as error:
        raise TransportError(f"The answer of the server lacks {error.args[0]}.") from error
    session.begin(made)
    if session.encryption.is_possible():
        # Uploads this device's keys: from now on others can encrypt for it.
        session.encryption.load()
    lines = [f"{sentence} as {made.user_id} on device {made.device_id}."]
    return Answer({"user_id": made.user_id, "device_id": made.device_id}, lines)


def _mark(session: Session, account: Account) -> str:
    return "*" if account.homeserver == session.client.homeserver and account.login == session.login else ""
