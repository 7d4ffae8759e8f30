"""Who may have an account, and how people show who they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from homeserver.config.kinds import BOOLEAN, DURATION_MS, SECRET, TEXT, TEXTS, WEB_ADDRESS, choice, integer, list_of
from homeserver.config.policies import PolicyConfig, policies_from
from homeserver.config.section import Section

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class RegistrationConfig:
    """Registration. `is_open`: without proof of an e-mail address, a captcha or a token. `required_3pids`: `email`,
    `msisdn`."""

    is_enabled: bool = False
    is_open: bool = False
    requires_token: bool = False
    allow_guests: bool = False
    shared_secret: str | None = field(default=None, repr=False)
    required_3pids: tuple[str, ...] = ()
    auto_join_rooms: tuple[str, ...] = ()
    autocreate_auto_join_rooms: bool = True
    inhibit_user_in_use_error: bool = False
    enable_set_displayname: bool = True
    enable_set_avatar_url: bool = True
    enable_3pid_changes: bool = True
    profiles_need_token: bool = False
    profiles_need_shared_room: bool = False


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What a new password must have."""

    minimum_length: int = 0
    require_digit: bool = False
    require_symbol: bool = False
    require_lowercase: bool = False
    require_uppercase: bool = False


@dataclass(frozen=True, slots=True)
class PasswordConfig:
    """Passwords: whether they can be used to log in, how they are hashed, and what new ones must have."""

    is_enabled: bool = True
    bcrypt_rounds: int = 12
    pepper: str = field(default="", repr=False)
    policy: PasswordPolicy = PasswordPolicy()


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """Lifetimes; None is for ever. `lifetime_ms` is `session_lifetime`: after it a user has to log in again."""

    lifetime_ms: int | None = None
    refreshable_access_token_lifetime_ms: int = 5 * _MINUTE_MS
    nonrefreshable_access_token_lifetime_ms: int | None = None
    refresh_token_lifetime_ms: int | None = None
    ui_auth_session_timeout_ms: int = 0


@dataclass(frozen=True, slots=True)
class LoginTokenConfig:
    """Whether clients that are logged in can log in others, and how long a token for that is good."""

    is_enabled: bool = False
    lifetime_ms: int = 2 * _MINUTE_MS


@dataclass(frozen=True, slots=True)
class CaptchaConfig:
    """reCAPTCHA."""

    is_enabled: bool = False
    public_key: str | None = None
    private_key: str | None = field(default=None, repr=False)
    siteverify_api: str = "https://www.recaptcha.net/recaptcha/api/siteverify"


@dataclass(frozen=True, slots=True)
class CasConfig:
    """Single sign-on by a CAS server. `required_attributes`: a None value means that any value will do."""

    server_url: str
    idp_name: str = "CAS"
    displayname_attribute: str | None = None
    required_attributes: Mapping[str, str | None] = field(default_factory=lambda: MappingProxyType({}))
    enable_registration: bool = True
    client_whitelist: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountsConfig:
    """Everything about accounts."""

    registration: RegistrationConfig
    passwords: PasswordConfig
    sessions: SessionConfig
    captcha: CaptchaConfig
    cas: CasConfig | None
    login_tokens: LoginTokenConfig = LoginTokenConfig()
    policies: tuple[PolicyConfig, ...] = ()


def accounts_from(top: Section) -> AccountsConfig:
    """All of it."""
    captcha = _captcha(top)
    registration = _registration(top)
    is_guarded = registration.requires_token or bool(registration.required_3pids) or captcha.is_enabled
    if registration.is_enabled and not registration.is_open and not is_guarded:
        top.findings.note_wrong(
            "enable_registration",
            "true without any verification",
            "true together with registration_requires_token, registrations_require_3pid, enable_registration_captcha"
            " or (anybody may register) enable_registration_without_verification",
        )
    return AccountsConfig(
        registration=registration,
        passwords=_passwords(top),
        sessions=_sessions(top),
        login_tokens=_login_tokens(top.section("login_via_existing_session")),
        captcha=captcha,
        cas=_cas(top),
        policies=policies_from(top),
    )


def _registration(top: Section) -> RegistrationConfig:
    return RegistrationConfig(
        is_enabled=top.read("enable_registration", BOOLEAN, False),
        is_open=top.read("enable_registration_without_verification", BOOLEAN, False),
        requires_token=top.read("registration_requires_token", BOOLEAN, False),
        allow_guests=top.read("allow_guest_access", BOOLEAN, False),
        shared_secret=top.secret("registration_shared_secret"),
        required_3pids=top.read("registrations_require_3pid", list_of(choice("email", "msisdn")), ()),
        auto_join_rooms=top.read("auto_join_rooms", TEXTS, ()),
        autocreate_auto_join_rooms=top.read("autocreate_auto_join_rooms", BOOLEAN, True),
        inhibit_user_in_use_error=top.read("inhibit_user_in_use_error", BOOLEAN, False),
        enable_set_displayname=top.read("enable_set_displayname", BOOLEAN, True),
        enable_set_avatar_url=top.read("enable_set_avatar_url", BOOLEAN, True),
        enable_3pid_changes=top.read("enable_3pid_changes", BOOLEAN, True),
        profiles_need_token=top.read("require_auth_for_profile_requests", BOOLEAN, False),
        profiles_need_shared_room=top.read("limit_profile_requests_to_users_who_share_rooms", BOOLEAN, False),
    )


def _passwords(top: Section) -> PasswordConfig:
    section = top.section("password_config")
    is_enabled = section.read("enabled", BOOLEAN, True)
    has_local = section.read("localdb_enabled", BOOLEAN, True)
    config = PasswordConfig(
        is_enabled=is_enabled and has_local,
        bcrypt_rounds=top.read("bcrypt_rounds", integer(4, 31), 12),
        pepper=section.read("pepper", SECRET, ""),
        policy=_policy(section.section("policy")),
    )
    section.finish()
    return config


def _policy(section: Section) -> PasswordPolicy:
    is_enabled = section.read("enabled", BOOLEAN, False)
    policy = PasswordPolicy(
        minimum_length=section.read("minimum_length", integer(0, 512), 0),
        require_digit=section.read("require_digit", BOOLEAN, False),
        require_symbol=section.read("require_symbol", BOOLEAN, False),
        require_lowercase=section.read("require_lowercase", BOOLEAN, False),
        require_uppercase=section.read("require_uppercase", BOOLEAN, False),
    )
    section.finish()
    return policy if is_enabled else PasswordPolicy()


def _sessions(top: Section) -> SessionConfig:
    ui_auth = top.section("ui_auth")
    timeout_ms = ui_auth.read("session_timeout", DURATION_MS, 0)
    ui_auth.finish()
    return SessionConfig(
        lifetime_ms=top.find("session_lifetime", DURATION_MS),
        refreshable_access_token_lifetime_ms=top.read("refreshable_access_token_lifetime", DURATION_MS, 5 * _MINUTE_MS),
        nonrefreshable_access_token_lifetime_ms=top.find("nonrefreshable_access_token_lifetime", DURATION_MS),
        refresh_token_lifetime_ms=top.find("refresh_token_lifetime", DURATION_MS),
        ui_auth_session_timeout_ms=timeout_ms,
    )


def _login_tokens(section: Section) -> LoginTokenConfig:
    default = LoginTokenConfig()
    config = LoginTokenConfig(
        is_enabled=section.read("enabled", BOOLEAN, default.is_enabled),
        lifetime_ms=section.read("token_timeout", DURATION_MS, default.lifetime_ms),
    )
    # The specification wants the user asked for each token.
    section.ignore("require_ui_auth")
    section.finish()
    return config


def _captcha(top: Section) -> CaptchaConfig:
    default = CaptchaConfig()
    config = CaptchaConfig(
        is_enabled=top.read("enable_registration_captcha", BOOLEAN, False),
        public_key=top.secret("recaptcha_public_key"),
        private_key=top.secret("recaptcha_private_key"),
        siteverify_api=top.read("recaptcha_siteverify_api", WEB_ADDRESS, default.siteverify_api),
    )
    if config.is_enabled:
        for key, value in (("public", config.public_key), ("private", config.private_key)):
            if value is None:
                top.findings.note_missing(f"recaptcha_{key}_key", "a text, since enable_registration_captcha is true")
    return config


def _cas(top: Section) -> CasConfig | None:
    section = top.section("cas_config")
    section.ignore(
        "service_url", "idp_icon", "idp_brand", "allow_numeric_ids", "numeric_ids_prefix", "protocol_version"
    )
    is_switched_on = section.read("enabled", BOOLEAN, True)
    is_enabled = is_switched_on and top.has("cas_config")
    attributes = section.section("required_attributes")
    required = {name: attributes.find(name, TEXT) for name in attributes.names()}
    sso = top.section("sso")
    whitelist = sso.read("client_whitelist", TEXTS, ())
    sso.ignore("update_profile_information", "template_dir")
    sso.finish()
    url = section.require("server_url", WEB_ADDRESS, "") if is_enabled else section.read("server_url", WEB_ADDRESS, "")
    config = CasConfig(
        server_url=url.rstrip("/"),
        idp_name=section.read("idp_name", TEXT, "CAS"),
        displayname_attribute=section.find("displayname_attribute", TEXT),
        required_attributes=MappingProxyType(required),
        enable_registration=section.read("enable_registration", BOOLEAN, True),
        client_whitelist=whitelist,
    )
    section.finish()
    return config if is_enabled else None
