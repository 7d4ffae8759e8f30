"""An identity server as homeservers see it: HTTPS, keys, bindings, invites that wait.

https://spec.matrix.org/v1.19/identity-service-api/
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from homeserver.protocol.base64 import encode_base64_url
from homeserver.protocol.signing import sign_json, signing_key_from_seed
from tests.support.peer_server import Exchange, PeerServer
from tests.support.tls_authority import TlsAuthority

_V2 = "/_matrix/identity/v2"
TOKEN = "given by the identity server"
Json = dict[str, Any]


class IdentityServer:
    """Answers as the specification says, unless a test changes that with `answers`: path (without query) to what
    answers it."""

    def __init__(self) -> None:
        self._authority = TlsAuthority()
        self.peer = PeerServer(self._answer, self._authority.server_context("localhost"))
        self.name = f"localhost:{self.peer.port}"
        self.pepper = "a pepper"
        self.bound: dict[tuple[str, str], str] = {}
        self.invites: list[Json] = []
        self.revoked: set[str] = set()
        self.answers: dict[str, Callable[[Exchange], None]] = {}
        self._tokens = count(1)
        self.rotate_keys()

    def close(self) -> None:
        """Stop listening."""
        self.peer.close()
        self._authority.close()

    def rotate_keys(self) -> None:
        """New keys; the old ones are good no more."""
        self.key = signing_key_from_seed("0", secrets.token_bytes(32))
        self.ephemeral_key = signing_key_from_seed("ephemeral", secrets.token_bytes(32))

    @property
    def paths(self) -> list[str]:
        """What was asked, without queries."""
        return [one.path.partition("?")[0].removeprefix(_V2) for one in self.peer.received]

    def body_of(self, path: str) -> Json:
        """The body of the last request to a path."""
        bodies = [one.body for one in self.peer.received if one.path == _V2 + path]
        value: Json = json.loads(bodies[-1])
        return value

    def signed(self, token: str, user_id: str, **more: str) -> Json:
        """What shows that a user has the address that an invite with this token is for."""
        return sign_json({"mxid": user_id, "token": token, **more}, self.name, self.key)

    def bind(self, address: str, user_id: str) -> Json:
        """A user shows to have an address; the body to tell the user's server with."""
        self.bound["email", address] = user_id
        waiting = [one for one in self.invites if one["address"] == address]
        told = [
            {
                **{name: one[name] for name in ("medium", "address", "room_id", "sender")},
                "mxid": user_id,
                "signed": self.signed(one["token"], user_id),
            }
            for one in waiting
        ]
        return {"medium": "email", "address": address, "mxid": user_id, "invites": told}

    def _answer(self, exchange: Exchange) -> None:
        parts = urlsplit(exchange.path)
        if parts.path in self.answers:
            self.answers[parts.path](exchange)
            return
        if parts.path.endswith("/isvalid"):
            (public_key,) = parse_qs(parts.query)["public_key"]
            current = {self.key.verify_key.encoded, self.ephemeral_key.verify_key.encoded}
            self.reply(exchange, 200, {"valid": public_key in current - self.revoked})
        elif exchange.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.reply(exchange, 401, {"errcode": "M_UNAUTHORIZED", "error": "Who are you?"})
        else:
            body = json.loads(exchange.request_body or b"{}")
            known = {"/hash_details": self._details, "/lookup": self._lookup, "/store-invite": self._keep}
            self.reply(exchange, *known[parts.path.removeprefix(_V2)](body))

    def answer_with(self, path: str, status: int, body: Any) -> None:
        """Answer requests to a path (after `/_matrix/identity/v2`) with this from now on."""
        self.answers[_V2 + path] = lambda exchange: self.reply(exchange, status, body)

    @staticmethod
    def hang_up(exchange: Exchange) -> None:
        """No answer."""
        exchange.close_connection = True

    @staticmethod
    def reply(exchange: Exchange, status: int, body: Any) -> None:
        """An answer in JSON."""
        exchange.reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _details(self, _: Json) -> tuple[int, Json]:
        return 200, {"lookup_pepper": self.pepper, "algorithms": ["none", "sha256"]}

    def _lookup(self, body: Json) -> tuple[int, Json]:
        if body["pepper"] != self.pepper:
            return 400, {"errcode": "M_INVALID_PEPPER", "error": "It has changed."}
        known = {self._hash(address, medium): user_id for (medium, address), user_id in self.bound.items()}
        return 200, {"mappings": {one: known[one] for one in body["addresses"] if one in known}}

    def _hash(self, address: str, medium: str) -> str:
        return encode_base64_url(hashlib.sha256(f"{address} {medium} {self.pepper}".encode()).digest())

    def _keep(self, body: Json) -> tuple[int, Json]:
        token = f"token.{next(self._tokens)}"
        self.invites.append({**body, "token": token})
        keys = [(self.key, "isvalid"), (self.ephemeral_key, "ephemeral/isvalid")]
        public_keys = [
            {
                "public_key": key.verify_key.encoded,
                "key_validity_url": f"https://{self.name}{_V2}/pubkey/{path}",
            }
            for key, path in keys
        ]
        return 200, {"token": token, "display_name": "p...@e...", "public_keys": public_keys}
