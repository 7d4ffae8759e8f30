"""The stage `m.login.terms`, and who has accepted what.

https://spec.matrix.org/v1.19/client-server-api/#terms-of-service-at-registration
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from homeserver.accounts.stages import Attempt
from homeserver.config.policies import PolicyConfig
from homeserver.database import Database, Transaction
from homeserver.devices.records import wall_clock_ms
from homeserver.slices.terms import queries


class TermsStage:
    """Accepts the documents as they are now. The result is their versions."""

    type = "m.login.terms"

    def __init__(self, policies: Sequence[PolicyConfig]) -> None:
        self._policies = policies

    def params(self, session_id: str) -> dict[str, Any] | None:
        """The documents, in all languages."""
        return {"policies": {policy.policy_id: _definition(policy) for policy in self._policies}}

    async def check(self, attempt: Attempt) -> Any:
        """That the client sends this says that all are accepted."""
        return {"versions": {policy.policy_id: policy.version for policy in self._policies}}


class AcceptedPolicies:
    """Remembers who has accepted which version of which document."""

    def __init__(self, database: Database, clock: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock = clock

    async def accepted_by(self, user_id: str) -> dict[str, str]:
        """Document id to the version a user has accepted last."""
        return await self._database.read(queries.accepted_by, user_id)

    def signed_up(self, tx: Transaction, user_id: str, result: Any) -> None:
        """Somebody has registered; `result` is the stage's, or None."""
        if isinstance(result, dict):
            queries.insert_accepted(tx, user_id, result["versions"], self._clock())

    def deactivate(self, tx: Transaction, user_id: str, erase: bool) -> None:
        """An account ends; with `erase` also what it has agreed to is forgotten."""
        if erase:
            queries.delete_user(tx, user_id)


def _definition(policy: PolicyConfig) -> dict[str, Any]:
    languages = {code: {"name": one.name, "url": one.url} for code, one in policy.translations.items()}
    return {**languages, "version": policy.version}
