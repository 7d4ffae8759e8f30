"""The way to other servers and back: keys, requests, queues, joins, history."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from homeserver import __version__
from homeserver.config import Config
from homeserver.federation.admission import Admission
from homeserver.federation.arrivals import Arrivals
from homeserver.federation.authentication import RequestAuthenticator, RequestSigner
from homeserver.federation.backoff import DestinationHealth, Retries
from homeserver.federation.calls import Calls
from homeserver.federation.client import FederationClient
from homeserver.federation.completion import Completion, Fetching, Life
from homeserver.federation.crossed_joins import CrossedJoins
from homeserver.federation.discovery import Discovery
from homeserver.federation.edu_bounds import EduBounds
from homeserver.federation.event_signatures import EventSignatures
from homeserver.federation.history import History
from homeserver.federation.joining import Joining
from homeserver.federation.key_fetch import KeyFetcher
from homeserver.federation.key_ring import KeyRing, OwnKeys
from homeserver.federation.late_checks import LateChecks
from homeserver.federation.pdu_checks import PduChecks
from homeserver.federation.peers import PeerRequests, Peers
from homeserver.federation.remote_joins import RemoteJoins
from homeserver.federation.room_work import RoomWork
from homeserver.federation.sender import Sender, SenderSettings
from homeserver.federation.server_acl import ServerAcls
from homeserver.federation.settings import FederationSettings, OldVerifyKey, ServerRules, TrustedKeyServer
from homeserver.federation.srv import DnsSrvResolver, SrvLookup
from homeserver.federation.templates import Templates
from homeserver.federation.timed_cache import now_ms
from homeserver.federation.well_known import WellKnown
from homeserver.http.egress import Egress
from homeserver.http.egress_settings import EgressSettings, TlsSettings
from homeserver.rooms.importing import Importer
from homeserver.rooms.late_state import LateState
from homeserver.rooms.likely_servers import LikelyServers
from homeserver.wiring.ground import Ground


@dataclass(frozen=True, slots=True)
class Federation:
    """What talks to other servers."""

    settings: FederationSettings
    egress: Egress
    keys: KeyRing
    client: FederationClient
    checks: PduChecks
    admission: Admission
    arrivals: Arrivals
    importer: Importer
    joining: Joining
    history: History
    work: RoomWork
    completion: Completion
    late_checks: LateChecks
    sender: Sender
    edu_bounds: EduBounds
    health: DestinationHealth
    authenticator: RequestAuthenticator


@dataclass(frozen=True, slots=True)
class _Outward:
    egress: Egress
    keys: KeyRing
    health: DestinationHealth
    client: FederationClient


def wire_federation(ground: Ground, peers: PeerRequests | None = None) -> Federation:
    """Make it all. `peers`: another way to other servers than the network."""
    database, rooms, parts = ground.database, ground.rooms, ground.parts
    settings = settings_from(ground.config)
    outward = _outward(ground, settings, peers)
    client = outward.client
    checks = PduChecks(EventSignatures(outward.keys, ground.offload))
    arrivals = Arrivals(database, parts, checks, client.history, ground.server_name)
    importer = Importer(database, rooms, parts)
    admission = Admission(rooms, ServerAcls(rooms), ground.server_name)
    work = RoomWork(database, admission, arrivals, checks, ground.reactor, ground.background.spawn)
    outward.health.on_revived(outward.keys.note_alive)
    outward.health.on_revived(work.retry)
    parts.appender.on_fork.append(CrossedJoins(parts, ground.server_name).note_fork)
    templates = Templates(client.memberships, ground.identity)
    joins = RemoteJoins(admission, client.memberships, checks, importer, templates)
    completion = _completion(
        ground, admission, Fetching(ground.server_name, client.history, checks, arrivals, importer)
    )
    joins.on_partial(completion.begin_joined)
    completion.on_whole(work.retry_room)
    late_checks = LateChecks(
        LateState(database, parts), rooms.partial, admission, checks, Life(ground.reactor, ground.background.spawn)
    )
    joins.on_unchecked(late_checks.begin)
    completion.on_whole(lambda _: late_checks.begin())
    outward.health.on_revived(late_checks.revive)
    outward.health.on_revived(completion.revive)
    return Federation(
        settings=settings,
        egress=outward.egress,
        keys=outward.keys,
        client=client,
        checks=checks,
        admission=admission,
        arrivals=arrivals,
        importer=importer,
        joining=Joining(joins, templates, client.memberships, checks, importer, ground.identity),
        history=_history(ground, client, checks, arrivals, outward.health),
        work=work,
        completion=completion,
        late_checks=late_checks,
        sender=_sender(ground, settings, outward),
        edu_bounds=EduBounds(database),
        health=outward.health,
        authenticator=_authenticator(ground, settings, outward),
    )


def _history(
    ground: Ground, client: FederationClient, checks: PduChecks, arrivals: Arrivals, health: DestinationHealth
) -> History:
    likely = LikelyServers(ground.database, ground.parts, ground.server_name)
    return History(ground.rooms, likely, client.history, checks, arrivals, health.is_lost)


def _completion(ground: Ground, admission: Admission, fetching: Fetching) -> Completion:
    life = Life(ground.reactor, ground.background.spawn)
    return Completion(ground.database, ground.rooms, ground.parts, admission, fetching, life)


def settings_from(config: Config) -> FederationSettings:
    """What the configuration says about other servers."""
    keys, federation = config.keys, config.federation
    well_known = None
    if config.web_client.serve_well_known:
        name = config.server.server_name
        well_known = name if ":" in name else f"{name}:443"
    return FederationSettings(
        rules=ServerRules(federation.domain_whitelist),
        key_refresh_interval_ms=keys.key_refresh_interval_ms,
        trusted_key_servers=tuple(
            TrustedKeyServer(one.server_name, one.verify_keys) for one in keys.trusted_key_servers
        ),
        old_verify_keys={
            key_id: OldVerifyKey(old.key, old.expired_ts) for key_id, old in keys.old_signing_keys.items()
        },
        well_known_server=well_known,
        version=__version__,
        request_timeout_ms=federation.request_timeout_ms,
    )


def _outward(ground: Ground, settings: FederationSettings, peers: PeerRequests | None) -> _Outward:
    egress = Egress(_egress_settings(ground.config), ground.reactor)
    if peers is None:
        discovery = Discovery(WellKnown(egress), SrvLookup(DnsSrvResolver(ground.reactor)))
        peers = Peers(discovery, egress, ground.reactor)
    keys = KeyRing(
        OwnKeys.of(ground.identity, settings.old_verify_keys),
        settings.rules,
        ground.database,
        KeyFetcher(peers, settings.trusted_key_servers),
        ground.reactor,
    )
    retries = ground.config.federation
    health = DestinationHealth(
        ground.database,
        now_ms,
        Retries(retries.retry_minimum_ms, retries.retry_multiplier, retries.retry_maximum_ms),
    )
    calls = Calls(RequestSigner(ground.identity), peers, settings.rules, health, ground.offload)
    return _Outward(egress, keys, health, FederationClient.of(calls, ground.server_name, settings))


def _egress_settings(config: Config) -> EgressSettings:
    federation = config.federation
    return EgressSettings(
        denied_ranges=federation.denied_ranges,
        allowed_ranges=config.outbound.allowed_ranges,
        tls=TlsSettings(
            verify=federation.verify_certificates,
            unverified_domains=federation.unverified_domains,
            ca_files=federation.custom_ca_files,
            minimum_version=federation.minimum_tls_version,
        ),
        user_agent=f"Hearth/{__version__}{config.outbound.user_agent_suffix}",
    )


def _sender(ground: Ground, settings: FederationSettings, outward: _Outward) -> Sender:
    return Sender(
        ground.database,
        outward.client.transactions,
        outward.health,
        ground.rooms.occupancy,
        SenderSettings(ground.server_name, secrets.token_hex(6), settings.rules.is_allowed, ground.reactor),
        ground.background.spawn,
    )


def _authenticator(ground: Ground, settings: FederationSettings, outward: _Outward) -> RequestAuthenticator:
    def note_heard(origin: str) -> None:
        if outward.health.wait_ms(origin):
            ground.background.spawn(outward.health.record_success(origin))

    return RequestAuthenticator(ground.server_name, outward.keys, settings.rules, note_heard)
