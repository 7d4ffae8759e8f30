"""The slices, each handed the few verbs of others that it needs; and `/sync`, which puts them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from homeserver.accounts.kernel import AccountParts
from homeserver.federation.transactions import ReceiveEdu
from homeserver.rooms.following import ComingAndGoing, Succession
from homeserver.rooms.memberships import Memberships
from homeserver.rooms.moving_names import NameMoving
from homeserver.rooms.policies import RoomPolicies
from homeserver.slices.account_data.by_room import RoomAccountData
from homeserver.slices.directory.endpoints import DirectoryEndpoints
from homeserver.slices.directory.federation import DirectoryFederation
from homeserver.slices.directory.public_rooms import PublicRooms
from homeserver.slices.directory.rules import DirectoryRules
from homeserver.slices.directory.service import Directory
from homeserver.slices.notifications.service import Notifications
from homeserver.slices.presence.endpoints import PresenceEndpoints
from homeserver.slices.presence.service import Presence, PresenceSettings
from homeserver.slices.receipts.endpoints import ReceiptEndpoints
from homeserver.slices.receipts.service import Receipts
from homeserver.slices.relations.bundles import Bundles
from homeserver.slices.relations.service import Relations
from homeserver.slices.typing.endpoints import TypingEndpoints
from homeserver.slices.typing.service import Typing
from homeserver.sync.polling import Polling
from homeserver.sync.sliding.connections import Connections
from homeserver.sync.sliding.sources import SlidingSources
from homeserver.sync.sources import Sources
from homeserver.sync.streams import Streams
from homeserver.wiring.encryption import Encryption, wire_encryption
from homeserver.wiring.federation import Federation
from homeserver.wiring.ground import Ground
from homeserver.wiring.media import MediaParts, wire_media
from homeserver.wiring.notifications import wire_notifications
from homeserver.wiring.outside import space_endpoints
from homeserver.wiring.push import Push, wire_push
from homeserver.wiring.sliding_sync import wire_sliding_sync
from homeserver.wiring.syncing import wire_syncing
from homeserver.wiring.third_party import ThirdParty, wire_third_party
from homeserver.wiring.user_data import (
    UserData,
    follow_accounts,
    user_data_endpoints,
    wire_profile_updates,
    wire_user_data,
)


@dataclass(frozen=True, slots=True)
class Slices:
    """The slices that others are handed, and every slice's endpoints."""

    memberships: Memberships
    policies: RoomPolicies
    succession: Succession
    relations: Relations
    directory: Directory
    directory_answers: DirectoryFederation
    presence: Presence
    notifications: Notifications
    push: Push
    encryption: Encryption
    media: MediaParts
    polling: Polling
    sliding: Connections
    data: UserData
    third_party: ThirdParty
    edus: Mapping[str, ReceiveEdu]
    endpoints: list[object]


def wire_slices(ground: Ground, federation: Federation, accounts: AccountParts) -> Slices:
    """Make them all."""
    policies = RoomPolicies(ground.config.rooms, ground.limits)
    joining, server_name = federation.joining, ground.server_name
    memberships = Memberships(ground.database, ground.rooms, ground.parts, joining, policies, server_name)
    streams = Streams(ground.database.feed, ground.rooms.occupancy.memberships, ground.reactor)
    directory = _directory(ground, federation)
    public_rooms = _public_rooms(ground)
    presence = _presence(ground, federation, streams)
    typing = _typing(ground, federation, streams)
    _follow_members(ground, presence, typing)
    data = wire_user_data(ground, federation, memberships)
    notifications, history = wire_notifications(ground, data)
    push = wire_push(ground, accounts, data, notifications)
    receipts = _receipts(ground, federation, notifications)
    _follow_accounts(ground, accounts, data, memberships, directory)
    sources = Sources(data.account_data, receipts, typing, presence, data.push_rules, notifications)
    encryption = wire_encryption(ground, federation, accounts)
    media = wire_media(ground, federation, accounts, data.profiles.find_profile)
    get_filter, section = data.filters.get_filter, encryption.section
    syncing = wire_syncing(ground, streams, sources, section, get_filter, directory.is_published)
    updates = wire_profile_updates(ground, data)
    sliding_sources = SlidingSources(sources, RoomAccountData(), receipts, encryption.sources, updates, data.threads)
    sliding = wire_sliding_sync(ground, syncing, sliding_sources, accounts)
    return Slices(
        memberships=memberships,
        policies=policies,
        succession=Succession(ground.rooms, data.carry_over),
        relations=_relations(ground, data),
        directory=directory,
        directory_answers=DirectoryFederation(directory, public_rooms),
        presence=presence,
        notifications=notifications,
        push=push,
        encryption=encryption,
        media=media,
        polling=syncing.polling,
        sliding=sliding.connections,
        data=data,
        third_party=wire_third_party(ground, federation, memberships, data.profiles.find_profile),
        edus={**_edus(typing, receipts, presence), **encryption.edus},
        endpoints=[
            DirectoryEndpoints(
                directory,
                public_rooms,
                federation.client.queries.public_rooms,
                needs_token=not ground.config.rooms.public_list_without_auth,
            ),
            PresenceEndpoints(presence),
            TypingEndpoints(typing),
            ReceiptEndpoints(receipts, data.read_marker.set_fully_read),
            *syncing.endpoints,
            *sliding.endpoints,
            *[history, *push.endpoints],
            *encryption.endpoints,
            *media.endpoints,
            *user_data_endpoints(ground, accounts, data),
            *space_endpoints(ground, federation, directory),
        ],
    )


def _public_rooms(ground: Ground) -> PublicRooms:
    is_open = ground.config.rooms.enable_room_list_search
    return PublicRooms(ground.database, ground.facts.describe, is_open=is_open)


def _follow_accounts(
    ground: Ground, accounts: AccountParts, data: UserData, memberships: Memberships, directory: Directory
) -> None:
    auto_join = ground.config.accounts.registration.auto_join_rooms
    follow_accounts(accounts, data, ComingAndGoing(ground.rooms, memberships, directory.resolve, auto_join))


def _edus(typing: Typing, receipts: Receipts, presence: Presence) -> dict[str, ReceiveEdu]:
    return {"m.typing": typing.receive, "m.receipt": receipts.receive, "m.presence": presence.receive}


def _directory(ground: Ground, federation: Federation) -> Directory:
    rules = DirectoryRules(ground.config.rooms)
    query = federation.client.queries.query_directory
    directory = Directory(ground.database, ground.facts, query, rules, ground.server_name)
    moving = NameMoving(ground.parts.loader, directory, ground.server_name)
    ground.parts.current.on_changed.append(moving.note_state)
    return directory


def _relations(ground: Ground, data: UserData) -> Relations:
    parts, ignored_users = ground.parts, data.account_data.ignored_users
    relations = Relations(ground.database, parts, ignored_users)
    parts.appender.on_accepted.append(relations.note_accepted)
    parts.redactor.on_redacted.append(relations.note_redacted)
    parts.views.bundle = Bundles(parts.loader, parts.views, ignored_users).bundle
    return relations


def _follow_members(ground: Ground, presence: Presence, typing: Typing) -> None:
    """Who comes or goes sees, and is seen by, others than before, and types no more where they left."""
    feed, spawn = ground.database.feed, ground.background.spawn
    feed.subscribe("membership", lambda changes: presence.members_changed(change.key for change in changes))
    feed.subscribe("members", lambda changes: spawn(typing.check_members([int(change.key) for change in changes])))


def _typing(ground: Ground, federation: Federation, streams: Streams) -> Typing:
    send = federation.sender.send_volatile
    return Typing(ground.numbers, streams.touch_room, send, ground.server_name, ground.reactor)


def _receipts(ground: Ground, federation: Federation, notifications: Notifications) -> Receipts:
    send, mark_read = federation.sender.send_durable, notifications.mark_read
    return Receipts(ground.database, ground.numbers, send, mark_read, ground.server_name)


def _presence(ground: Ground, federation: Federation, streams: Streams) -> Presence:
    return Presence(
        ground.rooms.occupancy,
        streams.touch_users,
        federation.sender.send_volatile,
        ground.background.spawn,
        PresenceSettings(ground.server_name, ground.config.presence.is_enabled),
        ground.reactor,
    )
