"""Pushers: what notifies users, told to push gateways and by mail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from homeserver.accounts.kernel import AccountParts
from homeserver.config.services import EmailConfig
from homeserver.database import Transaction
from homeserver.rooms.service import wall_clock_ms
from homeserver.slices.mail.service import Mailer
from homeserver.slices.mail.writing import Written
from homeserver.slices.notifications.service import Notifications
from homeserver.slices.push.badges import Badges
from homeserver.slices.push.deciding import Deciding
from homeserver.slices.push.delivery import Deliveries, Telling, World
from homeserver.slices.push.digests import Digest, Digests, DigestSettings
from homeserver.slices.push.endpoints import PusherEndpoints
from homeserver.slices.push.endpoints_unsubscribe import UnsubscribeEndpoints
from homeserver.slices.push.fanout import Audience, Fanout
from homeserver.slices.push.gateway import Gateways
from homeserver.slices.push.mails import Mails, MailSettings
from homeserver.slices.push.messages import Messages
from homeserver.slices.push.service import Pushers
from homeserver.wiring.ground import Ground
from homeserver.wiring.user_data import UserData

_EMAIL_STAGE = "m.login.email.identity"


@dataclass(frozen=True, slots=True)
class Push:
    """What is started, stopped and called now and then. `fanout`: None where nobody is to be told anything."""

    fanout: Fanout | None
    mails: Mails
    spawn: Callable[[Awaitable[None]], None]
    endpoints: list[object]

    async def start(self) -> None:
        """Go on where the last run ended."""
        if self.fanout is not None:
            await self.fanout.start()

    def tick(self) -> None:
        """Now and then."""
        self.spawn(self.save())
        if self.fanout is not None:
            self.spawn(self.mails.tick())

    def stop(self) -> None:
        """Begin nothing more."""
        if self.fanout is not None:
            self.fanout.stop()

    async def save(self) -> None:
        """Write how far this came."""
        if self.fanout is not None:
            await self.fanout.save()


def wire_push(ground: Ground, accounts: AccountParts, data: UserData, notifications: Notifications) -> Push:
    """Make it all, and have it told."""
    pushers = Pushers(ground.database)
    accounts.devices.on_devices_deleted.append(pushers.devices_deleted)
    accounts.hooks.on_deactivated.append(pushers.deactivate)
    deciding = Deciding(ground.parts, notifications.rules_of)
    has_content, hides_invites = ground.config.push.include_content, data.account_data.invites.hides
    messages = Messages(ground.parts, notifications.is_read, hides_invites, has_content=has_content)
    mails = _mails(ground, accounts, pushers, (deciding, messages))
    fanout = None
    if ground.config.push.is_enabled:
        deliveries = _deliveries(ground, data, notifications, (deciding, messages))
        audience = Audience(ground.database, ground.budget, ground.server_name)
        fanout = Fanout(ground.database, audience, deciding, (deliveries, mails), ground.background.spawn)
        notifications.on_read.append(fanout.has_read)
    endpoints: list[object] = [PusherEndpoints(pushers), UnsubscribeEndpoints(pushers)]
    return Push(fanout, mails, ground.background.spawn, endpoints)


def _deliveries(
    ground: Ground, data: UserData, notifications: Notifications, reading: tuple[Deciding, Messages]
) -> Deliveries:
    badges = Badges(
        ground.budget,
        ground.database.feed,
        notifications.unread,
        ground.parts.loader,
        counts_rooms=ground.config.push.group_unread_count_by_room,
    )
    badges.hides_invites = data.account_data.invites.hides
    telling = Telling(*reading, badges, Gateways(ground.services, wall_clock_ms))
    return Deliveries(ground.database, telling, World(ground.background.spawn, ground.reactor, wall_clock_ms))


def _mails(ground: Ground, accounts: AccountParts, pushers: Pushers, reading: tuple[Deciding, Messages]) -> Mails:
    """Without `enable_notifs` none are sent, and there are no pushers for them."""
    email = ground.config.email
    server = ground.config.server
    digests = Digests(
        DigestSettings(
            "Matrix" if email is None else email.app_name,
            ground.server_name,
            server.public_baseurl,
            None if email is None else email.client_url,
        )
    )
    settings = MailSettings(0, wall_clock_ms)
    if email is not None and email.is_notifying:
        settings = MailSettings(email.notif_delay_ms, wall_clock_ms, _sending(ground, email))
        _follow_addresses(accounts, pushers, email)
    return Mails(ground.database, (*reading, digests), settings, ground.background.spawn, ground.reactor)


def _sending(ground: Ground, email: EmailConfig) -> Callable[[str, Digest], Awaitable[None]]:
    mailer = Mailer(email, ground.server_name, ground.reactor)

    async def send(address: str, digest: Digest) -> None:
        await mailer.send_written(address, Written(digest.subject, digest.text, digest.html, digest.headers))

    return send


def _follow_addresses(accounts: AccountParts, pushers: Pushers, email: EmailConfig) -> None:
    async def owns_address(user_id: str, address: str) -> bool:
        find = accounts.credentials.find_by_threepid
        return find is not None and await find("email", address) == user_id

    def signed_up(tx: Transaction, user_id: str, results: Mapping[str, Any]) -> None:
        result = results.get(_EMAIL_STAGE)
        if isinstance(result, dict):
            pushers.add_mail(tx, user_id, result["address"])

    def removed(tx: Transaction, user_id: str, medium: str, address: str) -> None:
        if medium == "email":
            pushers.address_removed(tx, user_id, address)

    pushers.owns_address = owns_address
    if email.notif_for_new_users:
        accounts.hooks.on_signed_up.append(signed_up)
    accounts.hooks.on_threepid_removed.append(removed)
