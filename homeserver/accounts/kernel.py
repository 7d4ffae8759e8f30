"""The parts of the accounts package, made once and handed to those who need them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from homeserver.accounts import queries_users as queries
from homeserver.accounts.authenticator import TokenAuthenticator
from homeserver.accounts.credentials import Credentials
from homeserver.accounts.deactivation import Deactivation
from homeserver.accounts.login_types import AppServiceLogin, LoginTypes, PasswordLogin
from homeserver.accounts.password_changes import PasswordChanges
from homeserver.accounts.passwords import Passwords
from homeserver.accounts.records import AccountHooks, AppServices, Limits, NoAppServices
from homeserver.accounts.registration import Registration
from homeserver.accounts.service import Accounts
from homeserver.accounts.sessions import Sessions
from homeserver.accounts.stages import PASSWORD, DummyStage, PasswordStage, Stage
from homeserver.accounts.ui_auth import Flows, UiAuth
from homeserver.accounts.ui_auth_sessions import UiAuthSessions
from homeserver.accounts.usernames import Usernames
from homeserver.config.accounts import AccountsConfig
from homeserver.database import Database
from homeserver.devices.last_seen import LastSeen
from homeserver.devices.records import wall_clock_ms
from homeserver.devices.service import Devices


@dataclass(frozen=True, slots=True)
class AccountWorld:
    """What accounts are built on."""

    database: Database
    reactor: Any
    server_name: str
    config: AccountsConfig
    limits: Limits
    app_services: AppServices = field(default_factory=NoAppServices)
    clock: Callable[[], int] = wall_clock_ms


@dataclass(frozen=True, slots=True)
class AccountParts:
    """What works on accounts, and on devices."""

    world: AccountWorld
    accounts: Accounts
    hooks: AccountHooks
    last_seen: LastSeen
    devices: Devices
    sessions: Sessions
    authenticator: TokenAuthenticator
    passwords: Passwords
    credentials: Credentials
    usernames: Usernames
    registration: Registration
    ui_auth: UiAuth
    login_types: LoginTypes
    password_changes: PasswordChanges
    deactivation: Deactivation

    def start(self) -> None:
        """Begin to write when devices were seen."""
        self.last_seen.start()

    async def stop(self) -> None:
        """Write what is left; end the threads."""
        await self.last_seen.stop()
        self.passwords.close()

    async def reap(self) -> None:
        """Forget what has expired. Now and then, by one process."""
        await self.sessions.reap()
        await self.ui_auth.sessions.reap()


def make_accounts(world: AccountWorld) -> AccountParts:
    """Make the parts. Stages and login types of other slices are added to `ui_auth` and `login_types` before
    `make_endpoints`."""
    database, config, clock = world.database, world.config, world.clock
    hooks = AccountHooks()
    last_seen = LastSeen(database, world.reactor)
    devices = Devices(database, last_seen, clock)
    sessions = Sessions(database, devices, config.sessions, clock)
    authenticator = TokenAuthenticator(database, sessions, last_seen, clock)
    passwords = Passwords(config.passwords, world.reactor)
    credentials = Credentials(database, passwords, world.limits, world.server_name)
    usernames = Usernames(database, world.server_name, world.app_services)
    registration = Registration(database, usernames, sessions, hooks, clock)
    return AccountParts(
        world=world,
        accounts=Accounts(database, world.server_name, authenticator, registration, passwords),
        hooks=hooks,
        last_seen=last_seen,
        devices=devices,
        sessions=sessions,
        authenticator=authenticator,
        passwords=passwords,
        credentials=credentials,
        usernames=usernames,
        registration=registration,
        ui_auth=_ui_auth(world, credentials),
        login_types=_login_types(world, credentials),
        password_changes=PasswordChanges(database, passwords, sessions),
        deactivation=Deactivation(database, sessions, hooks),
    )


def _ui_auth(world: AccountWorld, credentials: Credentials) -> UiAuth:
    has_passwords = world.config.passwords.is_enabled

    async def user_flows(user_id: str) -> Flows:
        """Their password where they have one; else, or as well, single sign-on where it is there."""
        user = await world.database.glance(queries.find_user, user_id)
        flows = [[PASSWORD]] if has_passwords and user is not None and user.has_password else []
        if made.has_stage(SSO):
            flows.append([SSO])
        return flows

    stages: list[Stage] = [DummyStage(), PasswordStage(credentials)] if has_passwords else [DummyStage()]
    fresh_ms = world.config.sessions.ui_auth_session_timeout_ms
    made = UiAuth(UiAuthSessions(world.database, fresh_ms, world.clock), stages, user_flows)
    return made


def _login_types(world: AccountWorld, credentials: Credentials) -> LoginTypes:
    types = LoginTypes(world.database)
    if world.config.passwords.is_enabled:
        types.add(PasswordLogin(credentials, world.limits))
    if not isinstance(world.app_services, NoAppServices):
        types.add(AppServiceLogin(credentials, world.app_services, world.database))
    return types


SSO = "m.login.sso"
