"""User-interactive authentication: sessions, flows and stages.

https://spec.matrix.org/v1.19/client-server-api/#user-interactive-authentication-api
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from homeserver.accounts.stages import Attempt, Stage, StageFailed
from homeserver.accounts.ui_auth_sessions import UiAuthSession, UiAuthSessions
from homeserver.database import Transaction
from homeserver.protocol.errors import MatrixError, bad_json, forbidden, not_found
from homeserver.protocol.requester import Requester

Flows = Sequence[Sequence[str]]

UserFlows = Callable[[str], Awaitable[Flows]]
"""A user id to the ways in which the user can show who they are."""


class AskedOperation(Protocol):
    """What of a request matters here."""

    @property
    def client_ip(self) -> str:
        """The client's address."""

    method: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What is to be authorised. `body` holds `auth`. `keeps_session`: a repetition is answered from the session."""

    request: AskedOperation
    body: dict[str, Any]
    flows: Flows
    requester: Requester | None = None
    keeps_session: bool = False

    @property
    def name(self) -> str:
        """Method and path; a session is good for one of them only."""
        path = self.request.path.replace("/_matrix/client/r0/", "/_matrix/client/v3/", 1)
        return f"{self.request.method} {path}"


@dataclass(frozen=True, slots=True)
class Authorised:
    """The operation may be carried out: `body` without `auth`; `results` of the stages; `result` of an earlier time."""

    body: dict[str, Any]
    results: Mapping[str, Any] = field(default_factory=dict)
    session_id: str | None = None
    result: str | None = None

    @property
    def user_id(self) -> str | None:
        """Who it was that authenticated, where a stage tells."""
        users = [one["user_id"] for one in self.results.values() if isinstance(one, dict) and "user_id" in one]
        return users[0] if users else None


class UiAuth:
    """Asks for stages until a flow is complete. Other slices add stages, and complete them out of band."""

    def __init__(self, sessions: UiAuthSessions, stages: Sequence[Stage], user_flows: UserFlows) -> None:
        self.sessions = sessions
        self._stages: dict[str, Stage] = {}
        self._user_flows = user_flows
        for stage in stages:
            self.add_stage(stage)

    def add_stage(self, stage: Stage) -> None:
        """Offer another kind of stage; ValueError where there is one of this type."""
        if stage.type in self._stages:
            raise ValueError(f"there are two stages {stage.type}")
        self._stages[stage.type] = stage

    def has_stage(self, stage_type: str) -> bool:
        """Whether there is a stage of this type."""
        return stage_type in self._stages

    async def confirm(
        self,
        requester: Requester,
        request: AskedOperation,
        body: dict[str, Any],
        *,
        may_reuse: bool = True,
        fresh_ms: int = 0,
    ) -> dict[str, Any]:
        """Let the requester show who they are; the body without `auth`. Raises 401 until they have.

        `may_reuse`: having shown it a short while ago is enough, where the configuration says so, or within
        `fresh_ms`.
        """
        if may_reuse and not body.get("auth") and await self.sessions.is_fresh(requester.token_nid, fresh_ms):
            return {key: value for key, value in body.items() if key != "auth"}
        flows = await self._user_flows(requester.user_id)
        if not flows:
            raise forbidden("You have no password, and there is no other way to show who you are.")
        authorised = await self.authenticate(Operation(request=request, body=body, flows=flows, requester=requester))
        await self.sessions.note_fresh(requester.token_nid)
        return authorised.body

    async def authenticate(self, operation: Operation) -> Authorised:
        """What may be carried out, once a flow is complete. Raises `MatrixError` 401 with flows and session until
        then, 403 `M_FORBIDDEN` where the session is for another operation."""
        auth, body = _taken_apart(operation.body)
        if not auth:
            raise self._challenge(operation, await self.sessions.begin(operation.name, body))
        session_id = auth.get("session")
        if session_id is None:
            session = UiAuthSession.unsaved(operation.name, body)
        elif not isinstance(session_id, str):
            raise bad_json("auth.session: must be a string.")
        else:
            found = await self.sessions.find(session_id)
            if found is None:
                failure = StageFailed("M_UNKNOWN", "The authentication session is not known or has expired.")
                raise self._challenge(operation, await self.sessions.begin(operation.name, body), failure)
            session = await self._resumed(found, operation, body)
        if "type" in auth:
            session = await self._attempt(operation, session, auth)
        if not _is_complete(operation.flows, session.completed):
            raise self._challenge(operation, await self.sessions.saved(session))
        return await self._authorised(operation, session)

    def find_stage(self, stage_type: str) -> Stage | None:
        """The stage of this type."""
        return self._stages.get(stage_type)

    async def attempt_elsewhere(self, session_id: str, stage_type: str, auth: dict[str, Any], client_ip: str) -> None:
        """An attempt at a stage that comes from a browser, not from the client. Raises `StageFailed`, and
        `MatrixError` 404 `M_NOT_FOUND` for an unknown session or stage."""
        session, stage = await self.sessions.find(session_id), self._stages.get(stage_type)
        if session is None or stage is None:
            raise not_found("The authentication session is not known or has expired.")
        if stage_type not in session.completed:
            attempt = Attempt(auth, session_id, client_ip, operation=session.operation)
            await self.sessions.complete(session_id, stage_type, await stage.check(attempt))

    async def complete(self, session_id: str, stage_type: str, result: Any) -> None:
        """A stage was completed elsewhere: in a browser, by a link in an e-mail. 404 for an unknown session."""
        await self.sessions.complete(session_id, stage_type, result)

    def result_recorder(self, session_id: str | None) -> Callable[[Transaction, str], None]:
        """Records within a transaction what the operation led to, so that a repetition leads to the same."""
        return self.sessions.result_recorder(session_id)

    async def _resumed(self, session: UiAuthSession, operation: Operation, body: dict[str, Any]) -> UiAuthSession:
        """The session, if it is for this operation with this body. A client may leave the body out; it may also begin
        with an empty one to learn the flows."""
        if session.operation != operation.name:
            raise forbidden("The authentication session is for another request.")
        if not body or body == session.body:
            return session
        if session.body or session.completed:
            raise forbidden("The request has changed since the authentication session began.")
        return await self.sessions.with_body(session, body)

    async def _attempt(self, operation: Operation, session: UiAuthSession, auth: dict[str, Any]) -> UiAuthSession:
        """The session after an attempt at a stage. A completed stage is not tried again."""
        stage_type = auth["type"]
        if not isinstance(stage_type, str):
            raise bad_json("auth.type: must be a string.")
        if stage_type in session.completed:
            return session
        stage = self._stages.get(stage_type)
        try:
            if stage is None or not _may_come_now(operation.flows, session.completed, stage_type):
                raise StageFailed("M_UNRECOGNIZED", "This authentication stage is not asked for now.")
            client_ip = operation.request.client_ip
            attempt = Attempt(auth, session.session_id, client_ip, operation.requester, operation.name)
            result = await stage.check(attempt)
        except StageFailed as failure:
            raise self._challenge(operation, await self.sessions.saved(session), failure) from None
        return await self.sessions.completed(session, stage_type, result)

    async def _authorised(self, operation: Operation, session: UiAuthSession) -> Authorised:
        authorised = Authorised(session.body, session.completed, session.saved_id, session.result)
        requester = operation.requester
        if requester is not None and authorised.user_id not in (None, requester.user_id):
            raise forbidden("Another user has authenticated.")
        if not operation.keeps_session and session.is_saved:
            await self.sessions.end(session.session_id)
        return authorised

    def _challenge(
        self, operation: Operation, session: UiAuthSession, failure: StageFailed | None = None
    ) -> MatrixError:
        """The 401 body: no `errcode` where nothing has failed."""
        types = {stage for flow in operation.flows for stage in flow}
        params = {kind: self._stages[kind].params(session.session_id) for kind in types if kind in self._stages}
        body: dict[str, Any] = {
            "session": session.session_id,
            "flows": [{"stages": list(flow)} for flow in operation.flows],
            "params": {kind: value for kind, value in params.items() if value is not None},
            "completed": list(session.completed),
        }
        return UiAuthRequired(body, failure)


class UiAuthRequired(MatrixError):
    """401 with what is still to be shown; `errcode` and `error` only where an attempt failed."""

    def __init__(self, body: dict[str, Any], failure: StageFailed | None) -> None:
        if failure is None:
            super().__init__(401, "", "More authentication is needed.", **body)
        else:
            super().__init__(401, failure.errcode, failure.message, **body)

    def body(self) -> dict[str, Any]:
        """The JSON object that goes over the wire."""
        return super().body() if self.errcode else dict(self.extra)


def _taken_apart(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(`auth`, the rest)."""
    auth = body.get("auth")
    if auth is not None and not isinstance(auth, dict):
        raise bad_json("auth: must be an object.")
    return auth or {}, {key: value for key, value in body.items() if key != "auth"}


def _is_complete(flows: Flows, completed: Mapping[str, Any]) -> bool:
    return any(all(stage in completed for stage in flow) for flow in flows)


def _may_come_now(flows: Flows, completed: Mapping[str, Any], stage_type: str) -> bool:
    """Whether all stages before this one are completed, in some flow; or it is in none, and then leads nowhere."""
    return not any(stage_type in flow for flow in flows) or any(
        stage_type in flow and all(before in completed for before in flow[: list(flow).index(stage_type)])
        for flow in flows
    )
