"""What this server answers about keys, its own and others'."""

from __future__ import annotations

import json
from typing import Any

from signedjson.key import decode_verify_key_bytes
from signedjson.sign import verify_signed_json
from twisted.internet import reactor

from homeserver.federation.endpoints_keys import KeyEndpoints
from homeserver.federation.key_ring import MOST_FOR_OTHERS
from homeserver.federation.key_server import KeyServer
from homeserver.federation.settings import FederationSettings, OldVerifyKey, ServerRules
from homeserver.http.request import Request
from homeserver.protocol.errors import MatrixError
from homeserver.protocol.signing import VerifyKey
from tests.support.own_reactor import run
from tests.support.peer_homeserver import HOUR_MS, FederationCase, PeerHomeserver, new_key

SERVER = "/_matrix/key/v2/server"


def check_signed(value: dict[str, Any], server_name: str, key: VerifyKey) -> None:
    """Have another implementation check a signature."""
    verify_signed_json(value, server_name, decode_verify_key_bytes(key.key_id, key.key.encode()))


class KeyServerCase(FederationCase):
    def endpoints(self, settings: FederationSettings | None = None) -> KeyEndpoints:
        settings = settings or FederationSettings()
        server = KeyServer(self.identity, settings, self.key_ring(settings), self.database, reactor, self.clock)
        return KeyEndpoints(server, settings, self.clock)

    def query(self, body: Any, endpoints: KeyEndpoints | None = None) -> list[dict[str, Any]]:
        request = Request("POST", "/_matrix/key/v2/query", body=json.dumps(body).encode())
        answer: list[dict[str, Any]] = run((endpoints or self.endpoints()).query_many(request))["server_keys"]
        return answer

    def query_one(self, name: str, query: str = "", endpoints: KeyEndpoints | None = None) -> list[dict[str, Any]]:
        request = Request("GET", f"/_matrix/key/v2/query/{name}{query}")
        request.parameters = {"serverName": name}
        answer: list[dict[str, Any]] = run((endpoints or self.endpoints()).query_one(request))["server_keys"]
        return answer


class OwnKeys(KeyServerCase):
    def test_they_are_signed_and_hold_for_the_configured_time(self) -> None:
        old = new_key("old")
        settings = FederationSettings(
            key_refresh_interval_ms=2 * HOUR_MS,
            old_verify_keys={old.key_id: OldVerifyKey(old.verify_key.encoded, 5)},
        )

        answer = run(self.endpoints(settings).own_keys(Request("GET", SERVER)))

        key = self.identity.key.verify_key
        check_signed(answer, "our.example", key)
        self.assertEqual(answer["server_name"], "our.example")
        self.assertEqual(answer["verify_keys"], {key.key_id: {"key": key.encoded}})
        self.assertEqual(answer["old_verify_keys"], {old.key_id: {"key": old.verify_key.encoded, "expired_ts": 5}})
        self.assertAlmostEqual(answer["valid_until_ts"], self.clock() + 2 * HOUR_MS, delta=60_000)

    def test_a_query_for_them_is_answered_the_same(self) -> None:
        (answer,) = self.query_one("our.example")

        check_signed(answer, "our.example", self.identity.key.verify_key)


class Notary(KeyServerCase):
    def check(self, answer: dict[str, Any], peer: PeerHomeserver) -> None:
        """It is the peer's, signed by the peer and by us."""
        self.assertEqual(answer["server_name"], peer.name)
        check_signed(json.loads(json.dumps(answer)), peer.name, peer.keys[0].verify_key)
        check_signed(json.loads(json.dumps(answer)), "our.example", self.identity.key.verify_key)

    def test_another_servers_keys_are_fetched_and_countersigned(self) -> None:
        peer = self.peer()

        (answer,) = self.query({"server_keys": {peer.name: {}}})
        self.check(answer, peer)
        (answer,) = self.query({"server_keys": {peer.name: {peer.keys[0].key_id: {"minimum_valid_until_ts": 5}}}})
        self.check(answer, peer)
        (answer,) = self.query_one(peer.name)
        self.check(answer, peer)

        self.assertEqual(peer.requests_of(SERVER), 1)

    def test_several_servers_of_which_one_is_gone(self) -> None:
        here, gone = self.peer(), self.peer("gone.example")
        gone.on("GET", SERVER, {}, 500)

        (answer,) = self.query({"server_keys": {here.name: {}, gone.name: {}, "not a name": {}}})

        self.check(answer, here)

    def test_the_keys_of_a_server_that_is_gone_are_still_given(self) -> None:
        peer = self.peer()
        self.query_one(peer.name)
        peer.on("GET", SERVER, {}, 500)

        self.clock.ahead_ms += 100 * HOUR_MS

        self.check(self.query_one(peer.name)[0], peer)

    def test_an_answer_is_kept_for_half_its_life(self) -> None:
        peer = self.peer()
        endpoints = self.endpoints()
        asked = []
        for hours in (0, 11, 2):
            self.clock.ahead_ms += hours * HOUR_MS
            self.query_one(peer.name, endpoints=endpoints)
            asked.append(peer.requests_of(SERVER))

        self.assertEqual(asked, [1, 1, 2])

    def test_a_later_minimum_makes_us_ask_again(self) -> None:
        peer = self.peer()
        endpoints = self.endpoints()
        self.query_one(peer.name, endpoints=endpoints)
        self.clock.ahead_ms += HOUR_MS

        later = self.clock() + 23 * HOUR_MS + 1800_000
        (answer,) = self.query_one(peer.name, f"?minimum_valid_until_ts={later}", endpoints)

        self.assertGreater(answer["valid_until_ts"], later)
        self.assertEqual(peer.requests_of(SERVER), 2)

    def test_a_server_is_asked_again_at_once_but_a_few_times_only(self) -> None:
        """Who asks for what holds longer than what there is has a reason; who keeps asking gets what is stored."""
        peer = self.peer()
        endpoints = self.endpoints()
        self.query_one(peer.name, endpoints=endpoints)

        later = self.clock() + 1_000 * HOUR_MS
        for _ in range(20):
            (answer,) = self.query_one(peer.name, f"?minimum_valid_until_ts={later}", endpoints)
            self.check(answer, peer)
        self.assertEqual(peer.requests_of(SERVER), 1 + MOST_FOR_OTHERS)

        self.clock.ahead_ms += 11_000
        self.query_one(peer.name, f"?minimum_valid_until_ts={later}", endpoints)
        self.assertEqual(peer.requests_of(SERVER), 2 + MOST_FOR_OTHERS)

    def test_a_server_that_fails_is_not_asked_again_for_others(self) -> None:
        """What it gave before is still given."""
        peer = self.peer()
        endpoints = self.endpoints()
        self.query_one(peer.name, endpoints=endpoints)
        peer.on("GET", SERVER, {}, 500)

        later = self.clock() + 1_000 * HOUR_MS
        for _ in range(20):
            self.check(self.query_one(peer.name, f"?minimum_valid_until_ts={later}", endpoints)[0], peer)
        self.assertEqual(peer.requests_of(SERVER), 3)

    def test_a_retired_key_is_given_in_the_answer_that_had_it_and_the_newest(self) -> None:
        peer = self.peer()
        endpoints = self.endpoints()
        retired = peer.keys[0]
        self.query_one(peer.name, endpoints=endpoints)
        peer.retire()
        peer.old.clear()
        self.clock.ahead_ms += 13 * HOUR_MS

        self.assertEqual(len(self.query_one(peer.name, endpoints=endpoints)), 2)
        (answer,) = self.query({"server_keys": {peer.name: {retired.key_id: {}}}}, endpoints)
        self.assertIn(retired.key_id, answer["verify_keys"])

    def test_servers_that_are_not_federated_with_are_left_out(self) -> None:
        peer = self.peer()
        rules = ServerRules(frozenset({"other.example"}))

        self.assertEqual(self.query_one(peer.name, endpoints=self.endpoints(FederationSettings(rules=rules))), [])
        self.assertEqual(peer.server.connections, 0)

    def test_what_is_malformed(self) -> None:
        for body, errcode in (
            ({}, "M_MISSING_PARAM"),
            ({"server_keys": []}, "M_BAD_JSON"),
            ({"server_keys": {"a": []}}, "M_BAD_JSON"),
            ({"server_keys": {"a": {"ed25519:x": 1}}}, "M_BAD_JSON"),
            ({"server_keys": {"a": {"ed25519:x": {"minimum_valid_until_ts": "1"}}}}, "M_BAD_JSON"),
            ({"server_keys": {f"s{number}": {} for number in range(201)}}, "M_INVALID_PARAM"),
        ):
            with self.subTest(str(body)[:60]), self.assertRaises(MatrixError) as caught:
                self.query(body)
            self.assertEqual((caught.exception.status, caught.exception.errcode), (400, errcode))

    def test_no_servers_are_no_keys(self) -> None:
        self.assertEqual(self.query({"server_keys": {}}), [])


class AboutThisServer(KeyServerCase):
    def test_the_version(self) -> None:
        settings = FederationSettings(software="Hearth", version="1.2")

        answer = run(self.endpoints(settings).version(Request("GET", "/_matrix/federation/v1/version")))

        self.assertEqual(answer, {"server": {"name": "Hearth", "version": "1.2"}})

    def test_delegation(self) -> None:
        request = Request("GET", "/.well-known/matrix/server")
        settings = FederationSettings(well_known_server="hs.example:443")

        self.assertEqual(run(self.endpoints(settings).well_known(request)), {"m.server": "hs.example:443"})
        with self.assertRaises(MatrixError) as caught:
            run(self.endpoints().well_known(request))
        self.assertEqual(caught.exception.status, 404)
