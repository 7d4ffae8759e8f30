"""Every table of the server."""

from __future__ import annotations

from homeserver.accounts.tables import TABLES as ACCOUNTS
from homeserver.database.tables import Table
from homeserver.devices.tables import TABLES as DEVICES
from homeserver.federation.queue_tables import TABLES as QUEUES
from homeserver.federation.tables import TABLES as FEDERATION
from homeserver.profiles.tables import TABLES as PROFILES
from homeserver.rooms.tables import TABLES as ROOMS
from homeserver.slices.account_data.tables import TABLES as ACCOUNT_DATA
from homeserver.slices.dehydrated_devices.tables import TABLES as DEHYDRATED_DEVICES
from homeserver.slices.delayed_events.tables import TABLES as DELAYED_EVENTS
from homeserver.slices.directory.tables import TABLES as DIRECTORY
from homeserver.slices.expiring_messages.tables import TABLES as EXPIRING_MESSAGES
from homeserver.slices.filters.tables import TABLES as FILTERS
from homeserver.slices.key_backup.tables import TABLES as KEY_BACKUP
from homeserver.slices.keys.tables import TABLES as KEYS
from homeserver.slices.login_tokens.tables import TABLES as LOGIN_TOKENS
from homeserver.slices.media.tables import TABLES as MEDIA
from homeserver.slices.notifications.tables import TABLES as NOTIFICATIONS
from homeserver.slices.openid.tables import TABLES as OPENID
from homeserver.slices.profile_updates.tables import TABLES as PROFILE_UPDATES
from homeserver.slices.push.tables import TABLES as PUSH
from homeserver.slices.push_rules.tables import TABLES as PUSH_RULES
from homeserver.slices.receipts.tables import TABLES as RECEIPTS
from homeserver.slices.registration_tokens.tables import TABLES as REGISTRATION_TOKENS
from homeserver.slices.relations.tables import TABLES as RELATIONS
from homeserver.slices.reporting.tables import TABLES as REPORTING
from homeserver.slices.room_moderation.tables import TABLES as ROOM_MODERATION
from homeserver.slices.search.tables import TABLES as SEARCH
from homeserver.slices.server_notices.tables import TABLES as SERVER_NOTICES
from homeserver.slices.terms.tables import TABLES as TERMS
from homeserver.slices.thread_subscriptions.tables import TABLES as THREAD_SUBSCRIPTIONS
from homeserver.slices.threepids.tables import TABLES as THREEPIDS
from homeserver.slices.to_device.tables import TABLES as TO_DEVICE
from homeserver.slices.url_previews.tables import TABLES as URL_PREVIEWS
from homeserver.slices.user_directory.tables import TABLES as USER_DIRECTORY
from homeserver.sync.sliding.tables import TABLES as SLIDING_SYNC

TABLES: list[Table] = [
    *ROOMS,
    *ACCOUNTS,
    *DEVICES,
    *PROFILES,
    *FEDERATION,
    *QUEUES,
    *ACCOUNT_DATA,
    *DEHYDRATED_DEVICES,
    *DELAYED_EVENTS,
    *DIRECTORY,
    *EXPIRING_MESSAGES,
    *FILTERS,
    *KEY_BACKUP,
    *KEYS,
    *LOGIN_TOKENS,
    *MEDIA,
    *NOTIFICATIONS,
    *OPENID,
    *PUSH,
    *PROFILE_UPDATES,
    *PUSH_RULES,
    *RECEIPTS,
    *REGISTRATION_TOKENS,
    *RELATIONS,
    *REPORTING,
    *ROOM_MODERATION,
    *SEARCH,
    *SERVER_NOTICES,
    *SLIDING_SYNC,
    *TERMS,
    *THREAD_SUBSCRIPTIONS,
    *THREEPIDS,
    *TO_DEVICE,
    *URL_PREVIEWS,
    *USER_DIRECTORY,
]
