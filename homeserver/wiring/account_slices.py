"""The slices that add to accounts: stages of authentication, ways to log in, and what administrators do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeserver.accounts.kernel import AccountParts
from homeserver.database import Transaction
from homeserver.slices.registration_tokens.endpoints import RegistrationTokenAdminEndpoints, ValidityEndpoints
from homeserver.slices.registration_tokens.service import RegistrationTokens
from homeserver.slices.registration_tokens.stage import RegistrationTokenStage
from homeserver.wiring.ground import Ground


def account_slice_endpoints(ground: Ground, parts: AccountParts) -> list[object]:
    """Make them, and tell the accounts of them."""
    return [*_registration_tokens(ground, parts)]


def _registration_tokens(ground: Ground, parts: AccountParts) -> list[object]:
    tokens = RegistrationTokens(ground.database)
    stage = RegistrationTokenStage(tokens)
    parts.ui_auth.add_stage(stage)

    def signed_up(tx: Transaction, user_id: str, results: Mapping[str, Any]) -> None:
        tokens.complete(tx, results.get(stage.type))

    parts.hooks.on_signed_up.append(signed_up)
    return [
        ValidityEndpoints(tokens, is_open=ground.config.accounts.registration.is_enabled),
        RegistrationTokenAdminEndpoints(tokens, parts.accounts),
    ]
