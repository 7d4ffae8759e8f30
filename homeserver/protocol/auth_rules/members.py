"""The rules for `m.room.member`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeserver.protocol.auth_rules.auth_events import JOIN_RULES, POWER
from homeserver.protocol.auth_rules.verdict import AuthError, require
from homeserver.protocol.events import Event, StateKey
from homeserver.protocol.power_levels import PowerLevels
from homeserver.protocol.third_party_invites import keys_that_signed, offered_keys

AuthState = Mapping[StateKey, Event]


def check_member(event: Event, auth_state: AuthState, create: Event) -> None:
    """Check a membership event; raises `AuthError`."""
    require(event.state_key is not None, "member.state_key", "m.room.member needs a state key")
    require("membership" in event.content, "member.membership", "m.room.member needs a membership")
    levels = PowerLevels.from_state(create, auth_state.get(POWER))
    membership = event.membership
    if membership == "join":
        _check_join(event, auth_state, create, levels)
    elif membership == "invite":
        _check_invite(event, auth_state, levels)
    elif membership == "leave":
        _check_leave(event, auth_state, levels)
    elif membership == "ban":
        _check_ban(event, auth_state, levels)
    elif membership == "knock" and event.version.knocking:
        _check_knock(event, auth_state)
    else:
        raise AuthError("member.unknown", f"the membership {membership!r} is unknown")


def _membership(auth_state: AuthState, user_id: str | None) -> str:
    member = auth_state.get(("m.room.member", user_id or ""))
    return "leave" if member is None else (member.membership or "leave")


def _join_rule(auth_state: AuthState) -> Any:
    """What stands there, if anything does: a rule that is not understood lets nobody in."""
    rules = auth_state.get(JOIN_RULES)
    return "invite" if rules is None else rules.content.get("join_rule", "invite")


def _check_join(event: Event, auth_state: AuthState, create: Event, levels: PowerLevels) -> None:
    founder = create.content.get("creator") if create.version.creator_in_content else create.sender
    if event.prev_events == (create.event_id,) and event.state_key == founder:
        return
    require(event.sender == event.state_key, "join.sender", "nobody can join for somebody else")
    current = _membership(auth_state, event.state_key)
    require(current != "ban", "join.ban", f"{event.sender} is banned from the room")
    rule = _join_rule(auth_state)
    version = event.version
    if rule == "public":
        return
    if rule == "invite" or (rule == "knock" and version.knocking):
        require(current in ("invite", "join"), "join.invite", f"{event.sender} is not invited to the room")
        return
    if (rule == "restricted" and version.restricted_joins) or (
        rule == "knock_restricted" and version.knock_restricted_joins
    ):
        if current not in ("invite", "join"):
            _check_authorised(event, auth_state, levels)
        return
    raise AuthError("join.rule", f"the join rule {rule!r} lets nobody in")


def _check_authorised(event: Event, auth_state: AuthState, levels: PowerLevels) -> None:
    authoriser = event.content.get("join_authorised_via_users_server")
    if not isinstance(authoriser, str):
        raise AuthError("join.restricted", "the join to a restricted room is authorised by nobody")
    may = levels.of_user(authoriser) >= levels.invite and _membership(auth_state, authoriser) == "join"
    require(may, "join.authoriser", f"{authoriser}, who authorises the join, may not invite")


def _check_invite(event: Event, auth_state: AuthState, levels: PowerLevels) -> None:
    target = _membership(auth_state, event.state_key)
    if "third_party_invite" in event.content:
        _check_third_party(event, auth_state, target)
        return
    joined = _membership(auth_state, event.sender) == "join"
    require(joined, "invite.sender", f"{event.sender} is not in the room")
    require(target not in ("join", "ban"), "invite.target", f"{event.state_key} is in the room, or banned from it")
    may = levels.of_user(event.sender) >= levels.invite
    require(may, "invite.level", f"{event.sender} has not the power to invite")


def _check_third_party(event: Event, auth_state: AuthState, target: str) -> None:
    require(target != "ban", "third_party.ban", f"{event.state_key} is banned from the room")
    invite = event.content["third_party_invite"]
    signed = invite.get("signed") if isinstance(invite, dict) else None
    if not isinstance(signed, dict):
        raise AuthError("third_party.signed", "the third-party invite is not signed")
    mxid, token = signed.get("mxid"), signed.get("token")
    if not isinstance(mxid, str) or not isinstance(token, str):
        raise AuthError("third_party.fields", "the third-party invite lacks mxid or token")
    require(mxid == event.state_key, "third_party.mxid", "the third-party invite is for somebody else")
    offer = auth_state.get(("m.room.third_party_invite", token))
    if offer is None:
        raise AuthError("third_party.token", "the room has no such third-party invite")
    require(offer.sender == event.sender, "third_party.sender", "somebody else made the third-party invite")
    is_signed = any(keys_that_signed(signed, offered_keys(offer.content)))
    require(is_signed, "third_party.signature", "the third-party invite's signature is wrong")


def _check_leave(event: Event, auth_state: AuthState, levels: PowerLevels) -> None:
    target = _membership(auth_state, event.state_key)
    if event.sender == event.state_key:
        allowed = ("invite", "join", "knock") if event.version.knocking else ("invite", "join")
        require(target in allowed, "leave.own", f"{event.sender} is not in the room")
        return
    joined = _membership(auth_state, event.sender) == "join"
    require(joined, "leave.sender", f"{event.sender} is not in the room")
    power = levels.of_user(event.sender)
    require(target != "ban" or power >= levels.ban, "leave.unban", f"{event.sender} has not the power to unban")
    may = power >= levels.kick and levels.of_user(event.state_key or "") < power
    require(may, "leave.kick", f"{event.sender} has not the power to remove {event.state_key}")


def _check_ban(event: Event, auth_state: AuthState, levels: PowerLevels) -> None:
    joined = _membership(auth_state, event.sender) == "join"
    require(joined, "ban.sender", f"{event.sender} is not in the room")
    power = levels.of_user(event.sender)
    may = power >= levels.ban and levels.of_user(event.state_key or "") < power
    require(may, "ban.level", f"{event.sender} has not the power to ban {event.state_key}")


def _check_knock(event: Event, auth_state: AuthState) -> None:
    rule = _join_rule(auth_state)
    open_rules = ("knock", "knock_restricted") if event.version.knock_restricted_joins else ("knock",)
    require(rule in open_rules, "knock.rule", "the room does not let anybody knock")
    require(event.sender == event.state_key, "knock.sender", "nobody can knock for somebody else")
    current = _membership(auth_state, event.state_key)
    require(current not in ("ban", "invite", "join"), "knock.membership", f"{event.sender} is {current} already")
