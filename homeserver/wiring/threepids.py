"""Mail, and the addresses of users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from homeserver.accounts.kernel import AccountParts
from homeserver.config.services import EmailConfig
from homeserver.database import Transaction
from homeserver.federation.authentication import RequestSigner
from homeserver.protocol.errors import MatrixError
from homeserver.slices.mail.service import Mailer, MailFailed
from homeserver.slices.threepids.endpoints import AddThreepidEndpoints, OlderThreepidEndpoints, ThreepidEndpoints
from homeserver.slices.threepids.endpoints_validation import PhoneEndpoints, ValidationEndpoints, WithoutEmailEndpoints
from homeserver.slices.threepids.identity import IdentityServers
from homeserver.slices.threepids.identity_calls import IdentityCalls
from homeserver.slices.threepids.letters import Letters
from homeserver.slices.threepids.service import Threepids
from homeserver.slices.threepids.sessions import ValidationSessions
from homeserver.slices.threepids.stage import EmailStage
from homeserver.wiring.ground import Ground


def wire_threepids(ground: Ground, parts: AccountParts) -> list[object]:
    """Make it all, and tell the accounts of it."""
    threepids = Threepids(ground.database)
    authorize = RequestSigner(ground.identity).authorization
    identity_servers = IdentityServers(ground.database, IdentityCalls(ground.services), authorize)
    parts.credentials.find_by_threepid = threepids.find_user
    threepids.on_removed = parts.hooks.on_threepid_removed
    parts.hooks.on_deactivated.append(threepids.deactivate)
    parts.hooks.before_deactivated.append(identity_servers.unbind_all)
    may_change = ground.config.accounts.registration.enable_3pid_changes
    endpoints: list[object] = [
        ThreepidEndpoints(threepids, identity_servers, may_change=may_change),
        PhoneEndpoints(),
    ]
    if ground.config.email is None:
        return [*endpoints, OlderThreepidEndpoints(identity_servers), WithoutEmailEndpoints()]
    sessions = _sessions(ground, ground.config.email)
    _tell_accounts(parts, threepids, EmailStage(ground.database, threepids, sessions))
    is_open = ground.config.accounts.registration.is_enabled
    add = AddThreepidEndpoints(threepids, sessions, parts.ui_auth, may_change=may_change)
    return [
        *endpoints,
        add,
        OlderThreepidEndpoints(identity_servers, add),
        ValidationEndpoints(sessions, ground.server_name, may_register=is_open),
    ]


def _sessions(ground: Ground, config: EmailConfig) -> ValidationSessions:
    mailer = Mailer(config, ground.server_name, ground.reactor)

    async def send(address: str, subject: str, paragraphs: Sequence[str], link: tuple[str, str] | None = None) -> None:
        try:
            await mailer.send(address, subject, paragraphs, link)
        except MailFailed as error:
            raise MatrixError(500, "M_UNKNOWN", "The mail could not be sent. Try again later.") from error

    return ValidationSessions(
        ground.database,
        Letters(send, ground.server_name),
        ground.config.server.public_baseurl,
        config.token_lifetime_ms,
        ground.limits,
    )


def _tell_accounts(parts: AccountParts, threepids: Threepids, stage: EmailStage) -> None:
    parts.ui_auth.add_stage(stage)

    def signed_up(tx: Transaction, user_id: str, results: Mapping[str, Any]) -> None:
        threepids.signed_up(tx, user_id, results.get(stage.type))

    parts.hooks.on_signed_up.append(signed_up)
