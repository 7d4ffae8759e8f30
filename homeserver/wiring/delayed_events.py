"""Delayed events."""

from __future__ import annotations

from dataclasses import dataclass

from homeserver.accounts.kernel import AccountParts
from homeserver.due_work import DueWork
from homeserver.protocol.errors import forbidden
from homeserver.protocol.requester import Requester
from homeserver.rooms.drafting import Drafting
from homeserver.slices.delayed_events.endpoints import DelayedEventEndpoints
from homeserver.slices.delayed_events.sending import DelayedSending, Sender
from homeserver.slices.delayed_events.service import TOPIC, DelayedEvents
from homeserver.wiring.ground import Ground


@dataclass(frozen=True, slots=True)
class Delayed:
    """See the module. `due` is started and stopped, `events` reaped."""

    events: DelayedEvents
    due: DueWork
    endpoints: DelayedEventEndpoints


def wire_delayed_events(ground: Ground, accounts: AccountParts, drafting: Drafting) -> Delayed:
    """Make it all, and have it follow accounts and rooms."""

    async def get_requester(user_id: str) -> Requester:
        user = await accounts.accounts.find_user(user_id)
        if user is None or user.is_deactivated or user.is_locked:
            raise forbidden("The account may not send events any more.")
        return Requester(user_id, None, 0, is_guest=user.is_guest, is_suspended=user.is_suspended)

    spawn = ground.background.spawn
    sender = Sender(get_requester, lambda user_id: ground.limits.check("rc_message", user_id))
    events = DelayedEvents(ground.database, ground.config.rooms.max_event_delay_ms)
    sending = DelayedSending(ground.database, ground.rooms, drafting, sender)
    due = DueWork(sending.send_next, spawn, ground.reactor)
    ground.database.feed.subscribe(TOPIC, lambda changes: spawn(due.work()))
    ground.parts.current.on_changed.append(events.note_state)
    accounts.hooks.on_deactivated.append(events.deactivate)
    return Delayed(events, due, DelayedEventEndpoints(events, sending))
