"""The router with every endpoint, and the ports it is served at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homeserver.accounts.kernel import AccountParts
from homeserver.config import Config
from homeserver.due_work import DueWork
from homeserver.http.listeners import ListenerOptions, Listeners
from homeserver.http.metrics import HttpMetrics, OperationEndpoints, new_registry
from homeserver.http.routing import Router
from homeserver.http.server_limits import ServerLimits
from homeserver.http.static_files import StaticFiles
from homeserver.http.tls import CertificateFiles
from homeserver.rooms.drafting import Drafting
from homeserver.wiring.accounts import account_endpoints
from homeserver.wiring.delayed_events import Delayed, wire_delayed_events
from homeserver.wiring.endpoints import federation_endpoints, room_endpoints
from homeserver.wiring.expiring_messages import wire_expiring_messages
from homeserver.wiring.federation import Federation
from homeserver.wiring.ground import Ground
from homeserver.wiring.metrics import ServerMetrics
from homeserver.wiring.room_moderation import room_moderation_endpoints
from homeserver.wiring.server_notices import server_notice_endpoints
from homeserver.wiring.slices import Slices
from homeserver.wiring.watchdog import Watchdog

#: The policy of the web client's pages where its folder holds none.
_STRICT_CSP = "default-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'"


@dataclass(frozen=True, slots=True)
class Wired:
    """The router and its listeners, the events that wait, the messages that expire, and who watches the reactor."""

    router: Router
    listeners: Listeners
    delayed: Delayed
    expiring: DueWork | None
    watchdog: Watchdog


def wire_router(ground: Ground, federation: Federation, accounts: AccountParts, slices: Slices) -> Wired:
    """Everything that answers requests."""
    registry = new_registry()
    drafting = Drafting(ground.rooms, slices.directory.check_canonical, slices.relations.check_may_send)
    delayed = wire_delayed_events(ground, accounts, drafting)
    endpoints: list[object] = [
        OperationEndpoints(registry),
        *account_endpoints(ground, accounts, slices.memberships),
        *room_endpoints(ground, federation, slices, drafting, delayed),
        *federation_endpoints(ground, federation, accounts, slices),
        *slices.endpoints,
        room_moderation_endpoints(ground, accounts, slices),
        server_notice_endpoints(ground, accounts, slices),
    ]
    server_limits = ServerLimits(ground.config.rate_limits.federation, ground.reactor)
    router = Router(endpoints, accounts.authenticator, federation.authenticator, ground.limits, server_limits)
    listeners = Listeners(router, ground.reactor, _static(ground.config))
    registry.register(HttpMetrics(router, lambda: listeners.sites))
    watchdog = Watchdog(ground.reactor)
    registry.register(ServerMetrics(ground.budget, ground.database, watchdog))
    return Wired(router, listeners, delayed, wire_expiring_messages(ground), watchdog)


def listener_options(config: Config) -> Iterator[ListenerOptions]:
    """One for each address of each listener."""
    files = None
    if config.tls is not None:
        files = CertificateFiles(config.tls.certificate_path, config.tls.private_key_path)
    for listener in config.listeners:
        resources = sorted(listener.resources | ({"metrics"} if config.server.enable_metrics else set()))
        for address in ("",) if listener.unix_path is not None else listener.bind_addresses:
            yield ListenerOptions(
                resources=resources,
                bind_address=address,
                port=listener.port,
                tls=files if listener.tls else None,
                unix_path=listener.unix_path,
                unix_mode=listener.unix_mode,
                x_forwarded=listener.x_forwarded,
            )


def _static(config: Config) -> StaticFiles | None:
    client = config.web_client
    if not client.is_served or client.path is None or client.location is not None:
        return None
    return StaticFiles(client.path, _policy(client.path))


def _policy(folder: Path) -> str:
    """What the web client's pages may load and call, as the client itself says."""
    path = folder / "content-security-policy.txt"
    return path.read_text(encoding="ascii").strip() if path.is_file() else _STRICT_CSP
