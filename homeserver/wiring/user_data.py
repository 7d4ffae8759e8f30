"""What belongs to one user alone: profile, account data, filters, push rules; and what the server says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from homeserver.accounts.kernel import AccountParts
from homeserver.config import Config
from homeserver.profiles.endpoints import GuardedProfileEndpoints, OpenProfileEndpoints, ProfileEndpoints
from homeserver.profiles.endpoints_federation import ProfileQueryEndpoints
from homeserver.profiles.service import Profiles, ProfileSettings
from homeserver.rooms.following import ComingAndGoing
from homeserver.rooms.memberships import Memberships
from homeserver.rooms.sharing import RoomSharing
from homeserver.slices.account_data.endpoints import AccountDataEndpoints
from homeserver.slices.account_data.read_marker import ReadMarker
from homeserver.slices.account_data.service import AccountData
from homeserver.slices.delayed_events.records import delayed_event_limits
from homeserver.slices.discovery.endpoints import DiscoveryEndpoints
from homeserver.slices.discovery.service import Capabilities, Discovery, DiscoverySettings
from homeserver.slices.filters.endpoints import FilterEndpoints
from homeserver.slices.filters.service import Filters
from homeserver.slices.openid.endpoints import OpenIdEndpoints
from homeserver.slices.openid.service import OpenId
from homeserver.slices.profile_updates.service import ProfileUpdates
from homeserver.slices.push_rules.endpoints import PushRuleEndpoints
from homeserver.slices.push_rules.service import PushRules
from homeserver.slices.thread_subscriptions.service import ThreadSubscriptions
from homeserver.slices.user_directory.endpoints import UserDirectoryEndpoints
from homeserver.slices.user_directory.service import UserDirectory
from homeserver.slices.voip.endpoints import VoipEndpoints
from homeserver.slices.voip.service import TurnServer
from homeserver.wiring.federation import Federation
from homeserver.wiring.ground import Ground


@dataclass(frozen=True, slots=True)
class UserData:
    """See the module."""

    profiles: Profiles
    account_data: AccountData
    read_marker: ReadMarker
    filters: Filters
    push_rules: PushRules
    threads: ThreadSubscriptions

    async def carry_over(self, user_id: str, old_room_id: str, new_room_id: str) -> None:
        """A room was replaced by another: what the user has set for it goes along."""
        await self.account_data.carry_over(user_id, old_room_id, new_room_id)
        await self.push_rules.carry_over(user_id, old_room_id, new_room_id)


def wire_user_data(ground: Ground, federation: Federation, memberships: Memberships) -> UserData:
    """Make it all."""
    database = ground.database
    registration = ground.config.accounts.registration
    settings = ProfileSettings(
        ground.server_name, registration.enable_set_displayname, registration.enable_set_avatar_url
    )
    account_data = AccountData(database)
    ground.rooms.blocks_invites = account_data.invites.blocks
    return UserData(
        profiles=Profiles(database, settings, federation.client.queries.query_profile, memberships.set_profile),
        account_data=account_data,
        read_marker=ReadMarker(database, account_data, ground.numbers),
        filters=Filters(database),
        push_rules=PushRules(database),
        threads=ThreadSubscriptions(database, ground.parts),
    )


def wire_profile_updates(ground: Ground, data: UserData) -> ProfileUpdates:
    """Changes of profiles, told to those who share rooms."""
    updates = ProfileUpdates(RoomSharing(ground.server_name), data.profiles.contents_of, ground.server_name)
    data.profiles.on_field_changed.append(updates.note)
    return updates


def wire_user_directory(ground: Ground, accounts: AccountParts, data: UserData) -> UserDirectoryEndpoints:
    """People's names follow profiles, rooms and accounts."""
    directory = UserDirectory(
        ground.database,
        ground.rooms.occupancy,
        ground.rooms.state_event_within,
        accounts.accounts.locked_among,
        ground.config.user_directory,
        ground.server_name,
    )
    data.profiles.on_changed.append(directory.note_profile)
    ground.parts.current.on_changed.append(directory.note_state)
    accounts.hooks.on_deactivated.append(directory.deactivate)
    return UserDirectoryEndpoints(directory)


def _openid(ground: Ground, accounts: AccountParts) -> OpenIdEndpoints:
    openid = OpenId(ground.database)
    accounts.hooks.on_deactivated.append(openid.deactivate)
    return OpenIdEndpoints(openid, ground.server_name)


def follow_accounts(accounts: AccountParts, data: UserData, rooms: ComingAndGoing) -> None:
    """What happens to all this, and to memberships, when an account begins or ends."""
    hooks = accounts.hooks
    hooks.on_registered.append(data.profiles.register)
    hooks.on_deactivated += [data.profiles.deactivate, data.account_data.deactivate]
    hooks.on_deactivated += [data.filters.deactivate, data.push_rules.deactivate, data.threads.deactivate]
    hooks.after_registered.append(rooms.join_first_rooms)
    hooks.after_deactivated.append(rooms.leave_every_room)


def user_data_endpoints(ground: Ground, accounts: AccountParts, data: UserData) -> list[object]:
    """What clients, and other servers of profiles, ask about it."""
    config = ground.config

    async def push_rules_content(user_id: str) -> dict[str, Any]:
        return {"global": await data.push_rules.get_rules(user_id)}

    about = DiscoverySettings(
        config.server.public_baseurl, config.server.admin_contact, config.web_client.extra_well_known
    )
    return [
        ProfileEndpoints(data.profiles),
        _reading_profiles(ground, data.profiles),
        ProfileQueryEndpoints(data.profiles, ground.server_name, is_open=config.federation.allow_profile_lookup),
        AccountDataEndpoints(data.account_data, push_rules_content),
        FilterEndpoints(data.filters),
        PushRuleEndpoints(data.push_rules),
        DiscoveryEndpoints(
            Discovery(about),
            Capabilities(
                config.accounts,
                config.rooms.default_version,
                accounts.accounts.find_user,
                frozenset(_offered(config)),
                {"org.matrix.msc4140.delayed_events": delayed_event_limits(config.rooms.max_event_delay_ms)},
            ),
        ),
        VoipEndpoints(TurnServer(config.voip)),
        _openid(ground, accounts),
        wire_user_directory(ground, accounts, data),
    ]


def _reading_profiles(ground: Ground, profiles: Profiles) -> object:
    """For whom the operator wants it."""
    config, occupancy = ground.config.accounts.registration, ground.rooms.occupancy

    async def may_read(reader: str, user_id: str) -> bool:
        return not config.profiles_need_shared_room or user_id in await occupancy.users_sharing_rooms(reader)

    if config.profiles_need_token or config.profiles_need_shared_room:
        return GuardedProfileEndpoints(profiles, may_read)
    return OpenProfileEndpoints(profiles)


def _offered(config: Config) -> Iterator[str]:
    """The optional capabilities that are there."""
    if config.accounts.login_tokens.is_enabled:
        yield "m.get_login_token"
    if config.email is not None and config.accounts.registration.enable_3pid_changes:
        yield "m.3pid_changes"
