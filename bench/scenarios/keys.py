"""Keys of devices, signed as clients sign them."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from canonicaljson import encode_canonical_json
from nacl.signing import SigningKey

from bench.connection import V3
from bench.meter import Meter
from bench.world import User, World

_ALGORITHMS = ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"]


async def keys(world: World, meter: Meter) -> None:
    """Upload 50 one-time keys; query the devices of 100 users; claim a key of 20 devices."""
    users = await world.take(world.count(100, 2))
    path = f"{V3}/keys/upload"

    def upload(user: User, body: dict[str, Any]) -> bytes:
        return world.address.request("POST", path, user.token, body)

    signers = {user.user_id: SigningKey.generate() for user in users}
    devices = [upload(user, _device(user, signers[user.user_id])) for user in users]
    await world.each(devices, lambda one, request: one.call(request))
    connection = await world.address.connect()
    holders = users[: world.count(30)]
    uploads = [upload(user, _one_time_keys(user, signers[user.user_id], 50)) for user in holders]
    async with meter.measure("keys_upload") as window:
        await window.run(connection, uploads)
    query: dict[str, Any] = {"device_keys": {user.user_id: [] for user in users}}
    request = world.address.request("POST", f"{V3}/keys/query", users[0].token, query)
    await connection.call(request)
    async with meter.measure("keys_query") as window:
        await window.run(connection, [request] * world.count(60))
    claim = {"one_time_keys": {user.user_id: {user.device_id: "signed_curve25519"} for user in holders[:20]}}
    request = world.address.request("POST", f"{V3}/keys/claim", users[-1].token, claim)
    async with meter.measure("keys_claim") as window:
        await window.run(connection, [request] * world.count(30))


def _device(user: User, signer: SigningKey) -> dict[str, Any]:
    keys = {
        f"curve25519:{user.device_id}": _random_key(),
        f"ed25519:{user.device_id}": _base64(bytes(signer.verify_key)),
    }
    device = {"user_id": user.user_id, "device_id": user.device_id, "algorithms": _ALGORITHMS, "keys": keys}
    return {"device_keys": _signed(user, signer, device)}


def _one_time_keys(user: User, signer: SigningKey, count: int) -> dict[str, Any]:
    names = [f"signed_curve25519:AAAA{number:02d}" for number in range(count)]
    return {"one_time_keys": {name: _signed(user, signer, {"key": _random_key()}) for name in names}}


def _signed(user: User, signer: SigningKey, content: dict[str, Any]) -> dict[str, Any]:
    signature = signer.sign(encode_canonical_json(content)).signature
    return {**content, "signatures": {user.user_id: {f"ed25519:{user.device_id}": _base64(signature)}}}


def _random_key() -> str:
    return _base64(secrets.token_bytes(32))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).rstrip(b"=").decode()
