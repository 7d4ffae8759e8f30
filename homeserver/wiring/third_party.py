"""Invites by address: asked for by clients, redeemed by identity servers and other homeservers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from homeserver.accounts.kernel import AccountParts
from homeserver.protocol.requester import Requester
from homeserver.rooms.memberships import Memberships
from homeserver.rooms.third_party import Redemption, ThreepidInvite
from homeserver.slices.threepids.endpoints_redeeming import RedeemingEndpoints
from homeserver.slices.threepids.identity_calls import IdentityCalls
from homeserver.slices.threepids.inviting import FindProfile, Inviting
from homeserver.slices.threepids.redeeming import Redeeming
from homeserver.wiring.federation import Federation
from homeserver.wiring.ground import Ground


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """What rooms are handed of it (`ThirdPartyInvites`)."""

    inviting: Inviting
    redeeming: Redeeming

    async def invite(self, room_id: str, invite: ThreepidInvite, requester: Requester, content: dict[str, Any]) -> None:
        """See `Inviting`."""
        await self.inviting.invite(room_id, invite, requester, content)

    async def redeem(self, redemption: Redemption) -> None:
        """See `Redeeming`."""
        await self.redeeming.redeem(redemption)


def wire_third_party(
    ground: Ground, federation: Federation, memberships: Memberships, profile: FindProfile
) -> ThirdParty:
    """Make it."""
    calls = IdentityCalls(ground.services)
    exchange = federation.client.memberships.exchange_third_party_invite
    return ThirdParty(
        Inviting(ground.rooms, ground.facts, memberships, calls, profile),
        Redeeming(ground.rooms, memberships, calls, exchange, ground.server_name),
    )


def third_party_endpoints(
    ground: Ground, federation: Federation, accounts: AccountParts, third_party: ThirdParty
) -> list[object]:
    """What others ask."""
    exists = accounts.accounts.user_exists
    return [RedeemingEndpoints(third_party.redeeming, federation.admission, exists, ground.server_name)]
