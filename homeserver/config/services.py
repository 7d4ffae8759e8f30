"""Other services this server works with: TURN, mail, application services, push gateways."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from homeserver.config.kinds import BOOLEAN, DURATION_MS, PORT, SECRET, TEXT, WEB_ADDRESS, one_or_list_of
from homeserver.config.section import Section

_HOUR_MS = 3600 * 1000


@dataclass(frozen=True, slots=True)
class VoipConfig:
    """The TURN server: with `shared_secret` each user gets credentials of their own."""

    turn_uris: tuple[str, ...] = ()
    shared_secret: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    user_lifetime_ms: int = _HOUR_MS
    allow_guests: bool = True


@dataclass(frozen=True, slots=True)
class EmailConfig:
    """Mail. `notif_from` may hold `%(app)s`. `is_notifying`: mails about missed messages are sent at all."""

    smtp_host: str = "localhost"
    smtp_port: int = 25
    smtp_user: str | None = None
    smtp_pass: str | None = field(default=None, repr=False)
    force_tls: bool = False
    require_transport_security: bool = False
    enable_tls: bool = True
    notif_from: str | None = None
    app_name: str = "Matrix"
    is_notifying: bool = False
    notif_for_new_users: bool = True
    notif_delay_ms: int = 10 * 60_000
    client_url: str | None = None
    token_lifetime_ms: int = _HOUR_MS


@dataclass(frozen=True, slots=True)
class AppServicesConfig:
    """Registration files of application services."""

    files: tuple[Path, ...] = ()
    track_ips: bool = False


@dataclass(frozen=True, slots=True)
class PushConfig:
    """Push gateways: whether they are told, whether with the content, and whether the badge counts rooms."""

    is_enabled: bool = True
    include_content: bool = True
    group_unread_count_by_room: bool = True


def voip_from(top: Section) -> VoipConfig:
    """TURN."""
    return VoipConfig(
        turn_uris=top.read("turn_uris", one_or_list_of(TEXT), ()),
        shared_secret=top.secret("turn_shared_secret"),
        username=top.find("turn_username", TEXT),
        password=top.find("turn_password", SECRET),
        user_lifetime_ms=top.read("turn_user_lifetime", DURATION_MS, _HOUR_MS),
        allow_guests=top.read("turn_allow_guests", BOOLEAN, True),
    )


def email_from(top: Section) -> EmailConfig | None:
    """Mail; None where there is no `email` section."""
    is_there = top.has("email")
    section = top.section("email")
    force_tls = section.read("force_tls", BOOLEAN, False)
    config = EmailConfig(
        smtp_host=section.read("smtp_host", TEXT, "localhost"),
        smtp_port=section.read("smtp_port", PORT, 465 if force_tls else 25),
        smtp_user=section.find("smtp_user", TEXT),
        smtp_pass=section.secret("smtp_pass"),
        force_tls=force_tls,
        require_transport_security=section.read("require_transport_security", BOOLEAN, False),
        enable_tls=section.read("enable_tls", BOOLEAN, True),
        notif_from=section.find("notif_from", TEXT),
        app_name=section.read("app_name", TEXT, "Matrix"),
        is_notifying=section.read("enable_notifs", BOOLEAN, False),
        notif_for_new_users=section.read("notif_for_new_users", BOOLEAN, True),
        notif_delay_ms=section.read("notif_delay_before_mail", DURATION_MS, 10 * 60_000),
        client_url=section.find("client_base_url", WEB_ADDRESS),
        token_lifetime_ms=section.read("validation_token_lifetime", DURATION_MS, _HOUR_MS),
    )
    section.ignore("invite_client_location", "subjects", "tlsname", "template_dir", "riot_base_url")
    section.ignore("notif_template_html", "notif_template_text", "expiry_template_html", "expiry_template_text")
    section.finish()
    return config if is_there else None


def app_services_from(top: Section) -> AppServicesConfig:
    """Application services."""
    return AppServicesConfig(
        files=top.paths("app_service_config_files"), track_ips=top.read("track_appservice_user_ips", BOOLEAN, False)
    )


def push_from(top: Section) -> PushConfig:
    """Push."""
    section = top.section("push")
    config = PushConfig(
        is_enabled=section.read("enabled", BOOLEAN, True),
        include_content=section.read("include_content", BOOLEAN, True),
        group_unread_count_by_room=section.read("group_unread_count_by_room", BOOLEAN, True),
    )
    section.ignore("jitter_delay")
    section.finish()
    return config
