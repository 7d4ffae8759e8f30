"""The stages a server asks for before it does something of weight: each is done here, or in a browser.

https://spec.matrix.org/v1.19/client-server-api/#user-interactive-authentication-api
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from cmdclient.client import CLIENT_PREFIX, Client, api_path
from cmdclient.errors import ApiError, CommandError
from cmdclient.session import Session

Stage = Callable[[Session, dict[str, Any]], dict[str, Any]]
_MOST_ROUNDS = 12


def request_with_stages(
    session: Session, client: Client, method: str, path: str, body: dict[str, Any], password: str | None = None
) -> dict[str, Any]:
    """The answer once all stages of one of the flows are done. `password` is asked for if it is needed and None."""
    auth: dict[str, Any] | None = None
    for _ in range(_MOST_ROUNDS):
        try:
            answer = client.request(method, path, body if auth is None else {**body, "auth": auth})
        except ApiError as error:
            if error.status != 401 or "flows" not in error.body:
                raise
            if auth is not None and error.errcode != "M_UNKNOWN":
                raise
            auth = _next_stage(session, error.body, password)
            password = None
        else:
            return answer if isinstance(answer, dict) else {}
    raise CommandError("The server asks for the same authentication again and again. Use a web client.")


def _next_stage(session: Session, challenge: dict[str, Any], password: str | None) -> dict[str, Any]:
    done = challenge.get("completed", [])
    flows = [[stage for stage in flow.get("stages", []) if stage not in done] for flow in challenge["flows"]]
    # The flow that is least work, and of those one whose stages can all be done at a terminal.
    wanted = min(flows, key=lambda stages: (any(stage not in _STAGES for stage in stages), len(stages)), default=[])
    if not wanted:
        return {"session": challenge.get("session")}
    stage = wanted[0]
    if stage not in _STAGES:
        return _in_browser(session, stage, str(challenge.get("session", "")))
    auth = {"type": stage, "session": challenge.get("session")}
    if stage == "m.login.password" and password is not None:
        return auth | _password(session, password)
    return auth | _STAGES[stage](session, challenge)


def _ask_password(session: Session, challenge: dict[str, Any]) -> dict[str, Any]:
    return _password(session, session.ask_password(f"Password of {session.get_login().user_id}"))


def _password(session: Session, password: str) -> dict[str, Any]:
    return {"identifier": {"type": "m.id.user", "user": session.get_login().user_id}, "password": password}


def _dummy(session: Session, challenge: dict[str, Any]) -> dict[str, Any]:
    return {}


def _token(session: Session, challenge: dict[str, Any]) -> dict[str, Any]:
    return {"token": session.ask_line("Registration token", "registration token")}


def _terms(session: Session, challenge: dict[str, Any]) -> dict[str, Any]:
    params = challenge.get("params", {}).get("m.login.terms", {}).get("policies", {})
    for policy in params.values():
        language = policy.get("en") or next((each for each in policy.values() if isinstance(each, dict)), {})
        session.output.write(f"{language.get('name')}: {language.get('url')}")
    if session.ask_line("Do you accept these terms? (yes/no)", "yes").strip().lower() not in ("y", "yes"):
        raise CommandError("The terms were not accepted, so nothing was done.")
    return {}


def _email(session: Session, challenge: dict[str, Any]) -> dict[str, Any]:
    address = session.ask_line("E-mail address", "e-mail address")
    secret = secrets.token_urlsafe(24)
    body = {"client_secret": secret, "email": address, "send_attempt": 1}
    answer = session.client.with_token(None).post(api_path("register", "email", "requestToken"), body)
    session.output.write(f"A mail was sent to {address}. Open the link in it.")
    session.asking.line("Then press Enter: ")
    return {"threepid_creds": {"sid": answer.get("sid"), "client_secret": secret}}


def _in_browser(session: Session, stage: str, session_id: str) -> dict[str, Any]:
    # https://spec.matrix.org/v1.19/client-server-api/#fallback
    query = urlencode({"session": session_id})
    url = f"{session.client.homeserver}{CLIENT_PREFIX}/auth/{stage}/fallback/web?{query}"
    session.output.write(f"The server wants {stage}; open this in a browser:\n{url}")
    session.ask_line("Then type yes", "yes")
    # The session alone: its stage was done there.
    return {"session": session_id}


_STAGES: dict[str, Stage] = {
    "m.login.dummy": _dummy,
    "m.login.password": _ask_password,
    "m.login.registration_token": _token,
    "m.login.terms": _terms,
    "m.login.email.identity": _email,
}
