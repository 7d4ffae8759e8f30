"""Messages that expire, where the operator wants that."""

from __future__ import annotations

from homeserver.due_work import DueWork
from homeserver.slices.expiring_messages.service import TOPIC, ExpiringMessages
from homeserver.wiring.ground import Ground


def wire_expiring_messages(ground: Ground) -> DueWork | None:
    """Make it, and have it follow the rooms."""
    if not ground.config.rooms.enable_ephemeral_messages:
        return None
    messages = ExpiringMessages(ground.database, ground.rooms, ground.parts)
    spawn = ground.background.spawn
    due = DueWork(messages.expire_next, spawn, ground.reactor)
    ground.parts.appender.on_accepted.append(messages.note_accepted)
    ground.parts.redactor.on_redacted.append(messages.note_redacted)
    ground.database.feed.subscribe(TOPIC, lambda changes: spawn(due.work()))
    return due
