"""Counting what users have not read: where events are written, and where rules change."""

from __future__ import annotations

from homeserver.slices.notifications.endpoints import NotificationEndpoints
from homeserver.slices.notifications.history import NotificationHistory
from homeserver.slices.notifications.room_rules import RoomRules, RuleSources
from homeserver.slices.notifications.service import Notifications
from homeserver.wiring.ground import Ground
from homeserver.wiring.user_data import UserData


def wire_notifications(ground: Ground, data: UserData) -> tuple[Notifications, NotificationEndpoints]:
    """Make it, and have it told."""
    sources = RuleSources(data.push_rules.own_rules, data.account_data.ignored_by_each)
    rules = RoomRules(ground.budget, ground.database.feed, sources, ground.server_name)
    notifications = Notifications(ground.database, ground.parts, rules, ground.server_name)
    ground.parts.appender.on_accepted.append(notifications.note_accepted)
    ground.parts.redactor.on_redacted.append(notifications.note_redacted)
    data.push_rules.on_changed.append(notifications.rules_changed)
    data.account_data.on_ignored_changed.append(notifications.ignored_changed)
    return notifications, NotificationEndpoints(NotificationHistory(ground.database, ground.parts, rules))
