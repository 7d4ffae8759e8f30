"""Server notices, where they are configured."""

from __future__ import annotations

from homeserver.accounts.kernel import AccountParts
from homeserver.rooms.founding import Founding
from homeserver.slices.server_notices.endpoints import ServerNoticeEndpoints
from homeserver.slices.server_notices.service import NoticeParts, ServerNotices
from homeserver.wiring.ground import Ground
from homeserver.wiring.slices import Slices


def server_notice_endpoints(ground: Ground, accounts: AccountParts, slices: Slices) -> ServerNoticeEndpoints:
    """Make it all, and have rooms and accounts know of it."""
    return ServerNoticeEndpoints(_notices(ground, accounts, slices), accounts.accounts.check_admin)


def _notices(ground: Ground, accounts: AccountParts, slices: Slices) -> ServerNotices | None:
    config = ground.config.server_notices
    if config is None:
        return None
    user_id = f"@{config.localpart}:{ground.server_name}"
    memberships, account_data = slices.memberships, slices.data.account_data
    founding = Founding(
        ground.database, ground.parts, slices.directory, memberships, slices.third_party, ground.server_name
    )
    parts = NoticeParts(
        database=ground.database,
        rooms=ground.rooms,
        memberships=memberships,
        founding=founding,
        accounts=accounts.accounts,
        put_tag=account_data.put_tag,
        default_version=slices.policies.default_version,
        user_id=user_id,
    )
    notices = ServerNotices(parts, config)
    account_data.invites.always_lets_in.add(user_id)
    ground.rooms.check_may_refuse = notices.check_may_refuse
    accounts.hooks.on_deactivated.append(notices.deactivate)
    return notices
