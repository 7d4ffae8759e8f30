"""Adding accounts.

https://spec.matrix.org/v1.19/client-server-api/#legacy-account-registration
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection

from twisted.internet.defer import Deferred

from homeserver.accounts import queries_users as queries
from homeserver.accounts.records import AccountHooks, DeviceRequest, NewUser, Session, User
from homeserver.accounts.sessions import Sessions
from homeserver.accounts.stages import DUMMY
from homeserver.accounts.ui_auth import Flows
from homeserver.accounts.usernames import Usernames, user_in_use
from homeserver.config.accounts import CaptchaConfig, RegistrationConfig
from homeserver.database import Database, Transaction
from homeserver.devices.records import wall_clock_ms

logger = logging.getLogger(__name__)

RECAPTCHA = "m.login.recaptcha"
TERMS = "m.login.terms"
TOKEN = "m.login.registration_token"  # noqa: S105
EMAIL = "m.login.email.identity"
MSISDN = "m.login.msisdn"
_OF_MEDIUM = {"email": EMAIL, "msisdn": MSISDN}

RecordResult = Callable[[Transaction, str], None]
"""(transaction, user id): takes part in the registration's transaction."""


class Registration:
    """Registers users and guests."""

    def __init__(
        self,
        database: Database,
        usernames: Usernames,
        sessions: Sessions,
        hooks: AccountHooks,
        clock: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._database = database
        self._usernames = usernames
        self._sessions = sessions
        self._hooks = hooks
        self._clock = clock

    async def register(self, new: NewUser) -> str:
        """Add an account without logging in; its user id. Raises `MatrixError` 400 `M_USER_IN_USE`,
        `M_INVALID_USERNAME`, `M_EXCLUSIVE`."""
        user_id = self._usernames.new_user_id(new.localpart, new.app_service)
        await self._database.transact(self._insert, user_id, new, None)
        self._after(user_id)
        return user_id

    async def register_and_log_in(
        self, new: NewUser, device: DeviceRequest | None, record: RecordResult | None = None
    ) -> Session | str:
        """Add an account and log it in, both or neither; without a device the user id alone. Raises as `register`."""
        user_id = self._usernames.new_user_id(new.localpart, new.app_service)
        if device is None:
            await self._database.transact(self._insert, user_id, new, record)
            self._after(user_id)
            return user_id
        session = await self._database.transact(self._insert_and_open, user_id, new, device, record)
        if not new.is_guest:
            self._after(user_id)
        return session

    async def upgrade_guest(
        self, user_id: str, password_hash: str, device: DeviceRequest | None, record: RecordResult
    ) -> Session | str:
        """Make a guest a user with a password, and log in; without a device the user id alone. 400 `M_USER_IN_USE`
        where there is no such guest.

        https://spec.matrix.org/v1.19/client-server-api/#guest-access
        """
        answer = await self._database.transact(self._upgrade_guest, user_id, password_hash, device, record)
        self._after(user_id)
        return answer

    def _insert(self, tx: Transaction, user_id: str, new: NewUser, record: RecordResult | None) -> None:
        user = User(
            user_id,
            self._clock(),
            is_guest=new.is_guest,
            is_admin=new.is_admin,
            user_type=new.user_type,
            app_service=new.app_service,
        )
        if not queries.insert_user(tx, user, new.password_hash):
            raise user_in_use()
        for hook in self._hooks.on_registered:
            hook(tx, user, new.displayname)
        if record is not None:
            record(tx, user_id)

    def _insert_and_open(
        self, tx: Transaction, user_id: str, new: NewUser, device: DeviceRequest, record: RecordResult | None
    ) -> Session:
        self._insert(tx, user_id, new, record)
        return self._sessions.open_within(tx, user_id, device)

    def _upgrade_guest(
        self, tx: Transaction, user_id: str, password_hash: str, device: DeviceRequest | None, record: RecordResult
    ) -> Session | str:
        if not queries.make_full_user(tx, user_id, password_hash):
            raise user_in_use()
        record(tx, user_id)
        tx.publish("tokens", user_id)
        return user_id if device is None else self._sessions.open_within(tx, user_id, device)

    def _after(self, user_id: str) -> None:
        """What follows is not waited for: joining rooms takes its time, and its failure undoes no account."""
        for hook in self._hooks.after_registered:
            in_background(hook(user_id), "what follows a registration")


def in_background(work: Awaitable[None], what: str) -> None:
    """Run, and log a failure."""

    async def run() -> None:
        try:
            await work
        except Exception:
            logger.exception("%s failed", what)

    Deferred.fromCoroutine(run())


def registration_flows(config: RegistrationConfig, captcha: CaptchaConfig, known_stages: Collection[str]) -> Flows:
    """The flows that the configuration demands: all its conditions, or the dummy stage where it has none; and the
    same with an e-mail address, where it can be validated.

    Raises ValueError where a condition needs a stage that is not there: registration must not be open then.
    """
    wanted = [_OF_MEDIUM[medium] for medium in config.required_3pids]
    if config.requires_token:
        wanted.insert(0, TOKEN)
    if captcha.is_enabled:
        wanted.insert(0, RECAPTCHA)
    missing = [stage for stage in wanted if stage not in known_stages]
    if missing:
        raise ValueError(f"the configuration asks for {', '.join(missing)} at registration, which is not there")
    if TERMS in known_stages:
        wanted.append(TERMS)
    flows = [wanted or [DUMMY]]
    if EMAIL in known_stages and EMAIL not in wanted:
        # Who wants to give an address may.
        flows.append([*wanted, EMAIL])
    return flows
