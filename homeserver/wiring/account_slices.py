"""The slices that add to accounts: stages of authentication, ways to log in, and what administrators do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeserver.accounts.kernel import AccountParts
from homeserver.database import Transaction
from homeserver.rooms.memberships import Memberships
from homeserver.slices.auth_fallback.endpoints import FallbackEndpoints
from homeserver.slices.captcha.service import CaptchaStage
from homeserver.slices.guests.service import Guests
from homeserver.slices.login_fallback.endpoints import LoginFallbackEndpoints
from homeserver.slices.login_tokens.endpoints import LoginTokenEndpoints
from homeserver.slices.login_tokens.service import LoginTokens, TokenLogin
from homeserver.slices.registration_tokens.endpoints import RegistrationTokenAdminEndpoints, ValidityEndpoints
from homeserver.slices.registration_tokens.service import RegistrationTokens
from homeserver.slices.registration_tokens.stage import RegistrationTokenStage
from homeserver.slices.terms.service import AcceptedPolicies, TermsStage
from homeserver.wiring.ground import Ground
from homeserver.wiring.threepids import wire_threepids


def account_slice_endpoints(ground: Ground, parts: AccountParts, memberships: Memberships) -> list[object]:
    """Make them, and tell the accounts of them."""
    guests = Guests(ground.rooms, memberships, parts.accounts.guests_among, ground.background.spawn)
    ground.parts.appender.on_accepted.append(guests.note_accepted)
    return [
        *_registration_tokens(ground, parts),
        *_login_tokens(ground, parts),
        *wire_threepids(ground, parts),
        *_stages_in_browser(ground, parts),
        LoginFallbackEndpoints(parts.login_types.flows, ground.server_name),
    ]


def _stages_in_browser(ground: Ground, parts: AccountParts) -> list[object]:
    config = ground.config.accounts
    if config.captcha.public_key is not None and config.captcha.private_key is not None:
        parts.ui_auth.add_stage(CaptchaStage(config.captcha, ground.services))
    if config.policies:
        accepted = AcceptedPolicies(ground.database)
        stage = TermsStage(config.policies)
        parts.ui_auth.add_stage(stage)

        def signed_up(tx: Transaction, user_id: str, results: Mapping[str, Any]) -> None:
            accepted.signed_up(tx, user_id, results.get(stage.type))

        parts.hooks.on_signed_up.append(signed_up)
        parts.hooks.on_deactivated.append(accepted.deactivate)
    return [FallbackEndpoints(parts.ui_auth)]


def _login_tokens(ground: Ground, parts: AccountParts) -> list[object]:
    config = ground.config.accounts.login_tokens
    tokens = LoginTokens(ground.database, config.lifetime_ms)
    parts.login_types.add(TokenLogin(tokens, is_offered=config.is_enabled))
    parts.hooks.on_deactivated.append(tokens.deactivate)
    return [LoginTokenEndpoints(tokens, parts.ui_auth)] if config.is_enabled else []


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
