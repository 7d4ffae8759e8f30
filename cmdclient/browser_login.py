"""Login in a browser where the server offers it: it comes back to a page here, with a token.

https://spec.matrix.org/v1.19/client-server-api/#sso-client-login
"""

from __future__ import annotations

import http.server
import os
import secrets
import webbrowser
from urllib.parse import parse_qs, quote, urlsplit

from cmdclient.client import api_path
from cmdclient.errors import CommandError
from cmdclient.session import Session

_PAGE = b"<!doctype html><meta charset=utf-8><title>hearth-cli</title><p>You are logged in; this page can be closed."


def login_token_from_browser(session: Session) -> str:
    """The token that the server sends after a login in the browser. CommandError where it offers none."""
    flows = session.client.with_token(None).get(api_path("login")).get("flows", [])
    if not any(isinstance(flow, dict) and flow.get("type") == "m.login.sso" for flow in flows):
        raise CommandError("The server offers no login in the browser. Log in with a password: login USER")
    token: list[str] = []
    # Only whoever was sent by this login knows the path.
    path = f"/{secrets.token_urlsafe(16)}"

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            found = parse_qs(parts.query).get("loginToken", [])
            is_ours = parts.path == path and bool(found)
            token.extend(found if is_ours else [])
            self.send_response(200 if is_ours else 404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(_PAGE if is_ours else b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing: the line would have the token."""

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        target = quote(f"http://127.0.0.1:{server.server_port}{path}", safe="")
        url = f"{session.client.homeserver}{api_path('login', 'sso', 'redirect')}?redirectUrl={target}"
        session.output.write(f"Log in in the browser (Ctrl-C ends the waiting):\n{url}")
        if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
            webbrowser.open(url)
        while not token:
            server.handle_request()
    return token[0]
