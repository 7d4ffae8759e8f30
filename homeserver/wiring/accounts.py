"""Accounts and devices, and their endpoints."""

from __future__ import annotations

from homeserver.accounts.endpoints_account import AccountEndpoints
from homeserver.accounts.endpoints_login import LoginEndpoints
from homeserver.accounts.endpoints_moderation import ModerationEndpoints
from homeserver.accounts.endpoints_password_policy import PasswordPolicyEndpoints
from homeserver.accounts.endpoints_register import RegisterEndpoints, SharedSecretEndpoints
from homeserver.accounts.erasure import ErasedUsers
from homeserver.accounts.kernel import AccountParts, AccountWorld, make_accounts
from homeserver.accounts.moderation import AccountModeration
from homeserver.accounts.registration import registration_flows
from homeserver.accounts.shared_secret import SharedSecret
from homeserver.accounts.sign_up import AppServiceSignUp, SignUp, SignUpParts, SignUpSettings
from homeserver.accounts.stages import DUMMY
from homeserver.config import ConfigError
from homeserver.devices.endpoints import DeviceEndpoints
from homeserver.rooms.memberships import Memberships
from homeserver.wiring.account_slices import account_slice_endpoints
from homeserver.wiring.ground import Ground


def wire_accounts(ground: Ground) -> AccountParts:
    """The parts; the slices may add stages, login types and hooks before `account_endpoints`."""
    ground.parts.visibility.erased_users = ErasedUsers(ground.database.feed).get
    return make_accounts(
        AccountWorld(ground.database, ground.reactor, ground.server_name, ground.config.accounts, ground.limits)
    )


def account_endpoints(ground: Ground, parts: AccountParts, memberships: Memberships) -> list[object]:
    """What clients ask about accounts and devices. Raises ConfigError for registration that cannot work."""
    config = ground.config.accounts
    # First: the stages decide which flows there are.
    of_slices = account_slice_endpoints(ground, parts, memberships)
    shared_secret = SharedSecret(ground.database, config.registration.shared_secret)
    return [
        RegisterEndpoints(
            _sign_up(ground, parts), AppServiceSignUp(parts.registration, parts.world.app_services), ground.limits
        ),
        SharedSecretEndpoints(shared_secret, parts.registration, parts.passwords),
        LoginEndpoints(parts.login_types, parts.sessions),
        AccountEndpoints(parts.ui_auth, parts.password_changes, parts.deactivation, config.passwords.is_enabled),
        PasswordPolicyEndpoints(config.passwords.policy),
        ModerationEndpoints(AccountModeration(parts.accounts), parts.accounts, parts.devices),
        DeviceEndpoints(parts.devices, parts.ui_auth.confirm),
        *of_slices,
    ]


def _sign_up(ground: Ground, parts: AccountParts) -> SignUp:
    config = ground.config.accounts
    flows = [[DUMMY]]
    if config.registration.is_enabled:
        known = [stage for stage in _STAGES if parts.ui_auth.has_stage(stage)]
        try:
            flows = [list(flow) for flow in registration_flows(config.registration, config.captcha, known)]
        except ValueError as error:
            raise ConfigError([f"enable_registration: {error}"]) from error
    together = SignUpParts(
        parts.registration,
        parts.usernames,
        parts.passwords,
        parts.sessions,
        parts.hooks,
        parts.authenticator.authenticate,
    )
    return SignUp(together, parts.ui_auth, SignUpSettings(config.registration, flows))


_STAGES = (
    DUMMY,
    "m.login.recaptcha",
    "m.login.terms",
    "m.login.email.identity",
    "m.login.msisdn",
    "m.login.registration_token",
)
