"""`/auth/{stageType}/fallback/web`."""

from __future__ import annotations

from typing import Any

from homeserver.accounts.stages import Stage, StageFailed
from homeserver.accounts.ui_auth import UiAuth
from homeserver.http.pages import Pages, csp_hash
from homeserver.http.query import QueryArguments
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.protocol.errors import MatrixError, not_found
from homeserver.slices.auth_fallback.forms import FORMS, Form, NotFilledIn, languages_of

_PATH = "/_matrix/client/v3/auth/{stageType}/fallback/web"
#: The specification's words: how the client hears that the stage is completed.
_DONE = """
if (window.onAuthDone) {
    window.onAuthDone();
} else if (window.opener && window.opener.postMessage) {
    window.opener.postMessage("authDone", "*");
}
"""


class FallbackEndpoints:
    """The pages of the stages that there are."""

    def __init__(self, ui_auth: UiAuth) -> None:
        self._ui_auth = ui_auth
        self._pages = Pages("homeserver.slices.auth_fallback")

    @route("GET", _PATH, access=Access.NONE)
    async def show(self, request: Request) -> Json:
        """The page of a stage.

        https://spec.matrix.org/v1.19/client-server-api/#fallback
        """
        stage, form = self._stage(request)
        session_id = request.query.required("session")
        session = await self._ui_auth.sessions.find(session_id)
        if session is None:
            return self._expired()
        if stage.type in session.completed:
            return self._done()
        return self._form(request, stage, form, session_id)

    @route("POST", _PATH, access=Access.NONE, max_body_bytes=64 * 1024)
    async def complete(self, request: Request) -> Json:
        """The form was sent: the same as if a client had tried the stage.

        https://spec.matrix.org/v1.19/client-server-api/#fallback
        """
        stage, form = self._stage(request)
        sent = QueryArguments(request.body.decode("utf-8", "replace"))
        session_id = sent.find("session") or request.query.required("session")
        try:
            auth = form.read(stage.params(session_id) or {}, sent.all)
            await self._ui_auth.attempt_elsewhere(session_id, stage.type, auth, request.client_ip)
        except NotFilledIn as lack:
            return self._form(request, stage, form, session_id, str(lack))
        except StageFailed as failure:
            return self._form(request, stage, form, session_id, failure.message)
        except MatrixError as error:
            if error.status == 404:
                return self._expired()
            return self._form(request, stage, form, session_id, error.message)
        return self._done()

    def _stage(self, request: Request) -> tuple[Stage, Form]:
        stage_type = request.parameters["stageType"]
        stage, form = self._ui_auth.find_stage(stage_type), FORMS.get(stage_type)
        if stage is None or form is None:
            raise not_found("There is no page for this authentication stage.")
        return stage, form

    def _form(self, request: Request, stage: Stage, form: Form, session_id: str, error: str = "") -> Json:
        languages = languages_of(request.headers.get("accept-language"))
        values: dict[str, Any] = form.values(stage.params(session_id) or {}, languages)
        return self._pages.response(
            form.template, policy=form.policy, title=form.title, session_id=session_id, error=error, **values
        )

    def _done(self) -> Json:
        policy = {"script-src": csp_hash(_DONE)}
        return self._pages.response("done.html", policy=policy, title="Thank you", script=_DONE)

    def _expired(self) -> Json:
        text = "This page is not good any more. Go back to your client, and begin again there."
        return self._pages.response("said.html", 404, title="Too late", text=text)
