"""Messages of the server's operators to its users."""

from __future__ import annotations

from dataclasses import dataclass

from homeserver.config.kinds import BOOLEAN, TEXT
from homeserver.config.section import Section


@dataclass(frozen=True, slots=True)
class ServerNoticesConfig:
    """Who sends them (`localpart`), and what sender and room look like. `auto_join`: users are in the room at once."""

    localpart: str
    display_name: str | None = None
    avatar_url: str | None = None
    room_name: str = "Server Notices"
    room_topic: str | None = None
    room_avatar_url: str | None = None
    auto_join: bool = False


def server_notices_from(top: Section) -> ServerNoticesConfig | None:
    """`server_notices`; None where there is no such section."""
    if not top.has("server_notices"):
        return None
    section = top.section("server_notices")
    config = ServerNoticesConfig(
        localpart=section.require("system_mxid_localpart", TEXT, "notices"),
        display_name=section.find("system_mxid_display_name", TEXT),
        avatar_url=section.find("system_mxid_avatar_url", TEXT),
        room_name=section.read("room_name", TEXT, "Server Notices"),
        room_topic=section.find("room_topic", TEXT),
        room_avatar_url=section.find("room_avatar_url", TEXT),
        auto_join=section.read("auto_join", BOOLEAN, False),
    )
    section.finish()
    return config
