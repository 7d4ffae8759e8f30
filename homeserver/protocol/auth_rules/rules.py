"""The rules that look at the state: https://spec.matrix.org/v1.19/rooms/v12/#authorisation-rules and earlier versions.

Each rule has a name, by which it is told apart in errors and tests.
"""

from __future__ import annotations

from collections.abc import Mapping

from homeserver.protocol.auth_rules.auth_events import CREATE, POWER
from homeserver.protocol.auth_rules.members import check_member
from homeserver.protocol.auth_rules.power_changes import check_power_levels
from homeserver.protocol.auth_rules.verdict import require
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.ids import is_valid_user_id
from homeserver.protocol.power_levels import PowerLevels
from homeserver.protocol.room_versions import ROOM_VERSIONS


def check_auth(event: Event, auth_state: Mapping[StateKey, Event]) -> None:
    """Check an event against a state; raises `AuthError`.

    `auth_state` holds at least what `auth_state_keys` names and the create event, where they exist.
    """
    if event.type == "m.room.create":
        _check_create(event)
        return
    create = auth_state.get(CREATE)
    require(create is not None, "create.exists", "the room has no create event")
    if create is None:
        return
    require(create.room_id == event.room_id, "create.room", "the create event is of another room")
    _check_federation(event, create)
    if event.version.aliases_auth_rule and event.type == "m.room.aliases":
        _check_aliases(event)
        return
    if event.type == "m.room.member":
        check_member(event, auth_state, create)
        return
    _check_sender(event, auth_state, create)


def _check_create(event: Event) -> None:
    version = event.version
    require(not event.prev_events, "create.first", "a create event has nothing before it")
    if not version.room_id_is_create_hash:
        _, _, room_domain = event.room_id.partition(":")
        _, _, sender_domain = event.sender.partition(":")
        require(room_domain == sender_domain, "create.domain", "the room id is not of the creator's server")
    room_version = event.content.get("room_version", "1")
    known = isinstance(room_version, str) and room_version in ROOM_VERSIONS
    require(known, "create.version", "the create event names an unknown room version")
    if version.creator_in_content:
        require("creator" in event.content, "create.creator", "the create event names no creator")
    if version.privileged_creators and "additional_creators" in event.content:
        more = event.content["additional_creators"]
        valid = isinstance(more, list) and all(isinstance(one, str) and is_valid_user_id(one) for one in more)
        require(valid, "create.additional_creators", "additional_creators must be a list of user ids")


def _check_federation(event: Event, create: Event) -> None:
    if create.content.get("m.federate", True) is False:
        same = event.sender.partition(":")[2] == create.sender.partition(":")[2]
        require(same, "federate", "the room is not open to other servers")


def _check_aliases(event: Event) -> None:
    require(event.state_key is not None, "aliases.state_key", "m.room.aliases needs a state key")
    same = event.state_key == event.sender.partition(":")[2]
    require(same, "aliases.domain", "the state key of m.room.aliases must be the sender's server")


def _check_sender(event: Event, auth_state: Mapping[StateKey, Event], create: Event) -> None:
    """The rules for all that is neither the creation of the room nor a membership."""
    member = auth_state.get(("m.room.member", event.sender))
    joined = member is not None and member.membership == "join"
    require(joined, "sender.joined", f"{event.sender} is not in the room")
    levels = PowerLevels.from_state(create, auth_state.get(POWER))
    power = levels.of_user(event.sender)
    if event.type == "m.room.third_party_invite":
        require(power >= levels.invite, "third_party_invite.level", f"{event.sender} may not invite")
        return
    needed = levels.needed_for(event.type, is_state=event.is_state)
    require(power >= needed, "sender.level", f"{event.type} needs power level {needed}; {event.sender} has {power}")
    if event.state_key is not None and event.state_key.startswith("@"):
        own = event.state_key == event.sender
        require(own, "state_key.owner", "a state key that is a user id belongs to that user")
    if event.type == "m.room.power_levels":
        check_power_levels(event, auth_state.get(POWER), levels)
    if event.type == "m.room.redaction" and event.version.redaction_auth_rule:
        _check_redaction(event, levels, power)


def _check_redaction(event: Event, levels: PowerLevels, power: int) -> None:
    """Room versions 1 and 2 compare the servers that the ids of the two events name."""
    target_domain = (event.redacts or "").partition(":")[2]
    own = bool(target_domain) and target_domain == event.event_id.partition(":")[2]
    require(power >= levels.redact or own, "redaction.level", f"{event.sender} may not redact this event")
