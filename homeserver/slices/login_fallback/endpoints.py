"""`/_matrix/static/client/login/`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from homeserver.http.pages import Pages, csp_hash
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route

LoginFlows = Callable[[], list[dict[str, Any]]]
"""The ways to log in, as `GET /login` has them."""

_PASSWORD = "m.login.password"  # noqa: S105
#: The answer goes to the client that opened the page, and nowhere else. Paths are relative: the server may be behind a
#: prefix.
_SCRIPT = """
"use strict";
const form = document.getElementById("login");
const told = document.getElementById("told");
const parameters = new URLSearchParams(location.search);

function tell(text) {
    told.textContent = text;
    told.hidden = text === "";
}

function loginBody() {
    const user = form.elements.user.value.trim();
    const identifier = user.indexOf("@") > 0
        ? { type: "m.id.thirdparty", medium: "email", address: user }
        : { type: "m.id.user", user: user };
    const body = { type: "m.login.password", identifier: identifier, password: form.elements.password.value };
    for (const name of ["device_id", "initial_device_display_name"]) {
        if (parameters.has(name)) body[name] = parameters.get(name);
    }
    if (parameters.has("refresh_token")) body.refresh_token = parameters.get("refresh_token") === "true";
    return body;
}

async function logIn() {
    const answer = await fetch("../../../client/v3/login", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(loginBody()),
    });
    const response = await answer.json();
    if (!answer.ok) throw new Error(response.error || "Logging in has failed.");
    return response;
}

form.addEventListener("submit", async (event) => {
    event.preventDefault();
    tell("");
    form.elements.send.disabled = true;
    try {
        const response = await logIn();
        form.hidden = true;
        document.getElementById("done").hidden = false;
        if (window.matrixLogin && window.matrixLogin.onLogin) window.matrixLogin.onLogin(response);
    } catch (error) {
        tell(error.message);
    }
    form.elements.password.value = "";
    form.elements.send.disabled = false;
});
"""


class LoginFallbackEndpoints:
    """The page. `flows`: asked each time."""

    def __init__(self, flows: LoginFlows, server_name: str) -> None:
        self._flows = flows
        self._server_name = server_name
        self._pages = Pages("homeserver.slices.login_fallback")

    @route(
        "GET", ("/_matrix/static/client/login", "/_matrix/static/client/login/"), access=Access.NONE, resource="client"
    )
    async def show(self, request: Request) -> Json:
        """The page, which logs in with a password and calls `window.matrixLogin.onLogin`.

        https://spec.matrix.org/v1.19/client-server-api/#login-fallback
        """
        return self._pages.response(
            "login.html",
            policy={"script-src": csp_hash(_SCRIPT), "connect-src": "'self'", "form-action": "'none'"},
            title=f"Log in at {self._server_name}",
            has_password=any(flow.get("type") == _PASSWORD for flow in self._flows()),
            script=_SCRIPT,
        )
