"""Finding other servers' keys over real connections."""

from __future__ import annotations

import time
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from homeserver.federation.authentication import KeyUnavailable
from homeserver.federation.key_ring import KeyRing
from homeserver.federation.settings import FederationSettings, OldVerifyKey, ServerRules, TrustedKeyServer
from homeserver.protocol.signing import SignatureError, sign_json
from tests.support.own_reactor import run
from tests.support.peer_homeserver import HOUR_MS, FederationCase, PeerHomeserver, new_key
from tests.support.peer_server import Exchange

SERVER = "/_matrix/key/v2/server"
QUERY = "/_matrix/key/v2/query"
DAY_MS = 24 * HOUR_MS


class RequestKeys(FederationCase):
    def has_key(self, ring: KeyRing, peer: PeerHomeserver, key_id: str | None = None) -> bool:
        try:
            run(ring.request_key(peer.name, key_id or peer.keys[0].key_id))
        except KeyUnavailable:
            return False
        return True

    def test_a_key_is_fetched_once_and_then_known_also_after_a_restart(self) -> None:
        peer = self.peer()

        ring = self.key_ring()
        for _ in range(3):
            self.assertTrue(self.has_key(ring, peer))
        self.assertTrue(self.has_key(self.key_ring(), peer))

        self.assertEqual(peer.requests_of(SERVER), 1)

    def test_many_who_want_a_key_at_once_share_one_fetch(self) -> None:
        peer = self.peer()

        def slow(exchange: Exchange) -> None:
            time.sleep(0.1)
            peer.reply(exchange, peer.key_object())

        peer.answers["GET", SERVER] = slow
        ring = self.key_ring()

        async def many() -> list[Any]:
            key_id = peer.keys[0].key_id
            return await gatherResults([Deferred.fromCoroutine(ring.request_key(peer.name, key_id)) for _ in range(10)])

        self.assertEqual(len(run(many())), 10)
        self.assertEqual(peer.requests_of(SERVER), 1)

    def test_a_key_past_its_time_is_fetched_again(self) -> None:
        peer = self.peer()
        ring = self.key_ring()
        self.has_key(ring, peer)

        self.clock.ahead_ms += 25 * HOUR_MS

        self.assertTrue(self.has_key(ring, peer))
        self.assertEqual(peer.requests_of(SERVER), 2)

    def test_a_key_past_its_time_of_a_server_that_is_gone_signs_nothing(self) -> None:
        peer = self.peer()
        ring = self.key_ring()
        self.has_key(ring, peer)
        peer.on("GET", SERVER, {}, 500)

        self.clock.ahead_ms += 25 * HOUR_MS

        self.assertFalse(self.has_key(ring, peer))

    def test_no_key_is_good_for_more_than_seven_days(self) -> None:
        peer = self.peer()
        peer.valid_for_ms = 100 * DAY_MS
        ring = self.key_ring()
        self.has_key(ring, peer)
        peer.on("GET", SERVER, {}, 500)

        self.clock.ahead_ms += 6 * DAY_MS
        self.assertTrue(self.has_key(ring, peer))
        self.clock.ahead_ms += 2 * DAY_MS
        self.assertFalse(self.has_key(ring, peer))

    def test_a_retired_key_signs_no_requests_any_more(self) -> None:
        peer = self.peer()
        retired = peer.keys[0].key_id
        peer.retire()

        ring = self.key_ring()

        self.assertFalse(self.has_key(ring, peer, retired))
        self.assertTrue(self.has_key(ring, peer))

    def test_made_up_key_ids_do_not_make_us_ask_again_and_again(self) -> None:
        peer = self.peer()
        ring = self.key_ring()

        for number in range(5):
            self.assertFalse(self.has_key(ring, peer, f"ed25519:made_up_{number}"))
        self.assertEqual(peer.requests_of(SERVER), 1)

        peer.retire()
        self.clock.ahead_ms += 11_000
        self.assertTrue(self.has_key(ring, peer))

    def test_a_server_that_fails_is_asked_less_and_less(self) -> None:
        peer = self.peer()
        peer.on("GET", SERVER, {}, 500)
        ring = self.key_ring()
        asked = []

        for wait_ms in (0, 500, 600, 1000, 1100, 3000, 1100):
            self.clock.ahead_ms += wait_ms
            self.has_key(ring, peer)
            asked.append(peer.requests_of(SERVER))

        self.assertEqual(asked, [1, 1, 2, 2, 3, 3, 4])

    def test_answers_that_are_not_believed(self) -> None:
        other = self.peer("other.example")
        for name in ("keys of another server", "not signed", "not json", "too large"):
            peer = self.peer()
            value: Any = {
                "keys of another server": other.key_object(),
                "not signed": {**peer.key_object(), "signatures": {}},
                "not json": "x" * 10,
                "too large": {**peer.key_object(), "x": "y" * 200_000},
            }[name]
            peer.on("GET", SERVER, value)
            with self.subTest(name):
                self.assertFalse(self.has_key(self.key_ring(), peer))

    def test_a_server_that_is_not_federated_with_is_not_asked(self) -> None:
        peer = self.peer()
        ring = self.key_ring(FederationSettings(rules=ServerRules(None, frozenset({peer.name}))))

        self.assertFalse(self.has_key(ring, peer))
        self.assertEqual(peer.server.connections, 0)

    def test_own_keys_are_known(self) -> None:
        retired = new_key("retired")
        ring = self.key_ring(old={retired.key_id: OldVerifyKey(retired.verify_key.encoded, 1000)})

        self.assertEqual(run(ring.request_key("our.example", self.identity.key.key_id)), self.identity.key.verify_key)
        found = run(ring.find_keys({("our.example", retired.key_id): 999}))
        self.assertEqual([known.verify_key.key_id for known in found.values()], [retired.key_id])
        self.assertEqual(run(ring.find_keys({("our.example", retired.key_id): 1001})), {})

    def test_a_signed_object(self) -> None:
        peer = self.peer()
        value = sign_json({"a": 1}, peer.name, peer.keys[0])
        ring = self.key_ring()

        run(ring.check_json(value, peer.name))
        for bad in ({**value, "a": 2}, {"a": 1}, sign_json({"a": 1}, peer.name, new_key("unknown"))):
            with self.assertRaises(SignatureError):
                run(ring.check_json(bad, peer.name))


class Notaries(FederationCase):
    def setUp(self) -> None:
        super().setUp()
        self.notary = self.peer("notary.example")
        self.trusted = TrustedKeyServer(
            self.notary.name, {key.key_id: key.verify_key.encoded for key in self.notary.keys}
        )

    def gone(self, host: str = "gone.example") -> PeerHomeserver:
        """A homeserver that publishes nothing itself."""
        peer = self.peer(host)
        peer.on("GET", SERVER, {}, 503)
        return peer

    def vouch(self, *answers: dict[str, Any], signer: Any = None) -> None:
        key = signer or self.notary.keys[0]
        signed = [sign_json(answer, self.notary.name, key) for answer in answers]
        self.notary.on("POST", QUERY, {"server_keys": signed})

    def ring(self, trusted: TrustedKeyServer | None = None) -> KeyRing:
        return self.key_ring(FederationSettings(trusted_key_servers=(trusted or self.trusted,)))

    def find(self, ring: KeyRing, peer: PeerHomeserver) -> bool:
        name = (peer.name, peer.keys[0].key_id)
        return name in run(ring.find_keys({name: 0}))

    def test_a_notary_helps_when_the_server_is_gone(self) -> None:
        peer = self.gone()
        self.vouch(peer.key_object())

        self.assertTrue(self.find(self.ring(), peer))
        self.assertEqual(peer.requests_of(SERVER), 1)
        asked = self.notary.server.received[0]
        self.assertIn(b'"minimum_valid_until_ts"', asked.body)

    def test_a_notary_without_configured_keys_answers_for_itself(self) -> None:
        peer = self.gone()
        self.vouch(peer.key_object())

        self.assertTrue(self.find(self.ring(TrustedKeyServer(self.notary.name)), peer))

    def test_answers_the_notary_or_the_server_did_not_sign_are_not_believed(self) -> None:
        peer = self.gone()
        self.vouch(peer.key_object(), signer=new_key("current"))
        self.assertFalse(self.find(self.ring(), peer))

        peer = self.gone()
        self.vouch({**peer.key_object(), "valid_until_ts": 5})
        self.assertFalse(self.find(self.ring(), peer))

        peer = self.gone()
        self.vouch(peer.key_object())
        good = self.notary.answers["POST", QUERY]
        self.notary.on("POST", QUERY, {"server_keys": [peer.key_object(), 1, None]})
        self.assertFalse(self.find(self.ring(), peer))
        self.notary.answers["POST", QUERY] = good
        self.assertTrue(self.find(self.ring(), peer))

    def test_a_notary_does_not_put_older_answers_over_newer_ones(self) -> None:
        peer = self.peer()
        ring = self.ring()
        older = peer.key_object()
        self.clock.ahead_ms += 10 * HOUR_MS
        run(ring.request_key(peer.name, peer.keys[0].key_id))
        peer.on("GET", SERVER, {}, 503)
        self.vouch(older)

        self.clock.ahead_ms += 20 * HOUR_MS
        run(ring.find_keys({(peer.name, "ed25519:other"): 0}))

        self.assertEqual(self.notary.requests_of(QUERY), 1)
        run(self.key_ring().request_key(peer.name, peer.keys[0].key_id))

    def test_for_many_servers_the_notary_is_asked_first_and_once(self) -> None:
        gone = [self.gone(f"gone{number}.example") for number in range(8)]
        self.vouch(*[peer.key_object() for peer in gone])
        ring = self.ring()

        found = run(ring.find_keys({(peer.name, peer.keys[0].key_id): 0 for peer in gone}))

        self.assertEqual(len(found), 8)
        self.assertEqual(self.notary.requests_of(QUERY), 1)
        self.assertEqual([peer.requests_of(SERVER) for peer in gone], [0] * 8)
