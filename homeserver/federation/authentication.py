"""X-Matrix: signing requests to other servers and checking theirs.

https://spec.matrix.org/v1.19/server-server-api/#request-authentication
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from nacl.exceptions import CryptoError

from homeserver.federation.identity import Identity
from homeserver.federation.settings import ServerRules
from homeserver.http.request import Request
from homeserver.protocol.base64 import decode_base64, encode_base64
from homeserver.protocol.canonical_json import decode_strict, encode, encode_lax
from homeserver.protocol.errors import MatrixError, forbidden, invalid_param, not_json
from homeserver.protocol.ids import is_valid_server_name
from homeserver.protocol.signing import VerifyKey

#: A server with several keys may send a header for each.
MAX_HEADERS = 8
_SCHEME = re.compile(r"x-matrix +", re.IGNORECASE)
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 (the RFC's word)
# Values that are not quoted may hold more than the RFC's tokens: older servers leave colons and slashes bare.
_PARAMETER = re.compile(rf'({_TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))[ \t]*(?:,|\Z)')
_ESCAPED = re.compile(r"\\(.)")
_BLANK = re.compile(r"[ \t,]*")


NoteHeard = Callable[[str], None]
"""A server gave a sign of life."""


class KeyUnavailable(Exception):
    """A server's key is not known and could not be had, or was not valid at the time in question."""


class RequestKeys(Protocol):
    """Finds the keys requests are signed with."""

    async def request_key(self, server_name: str, key_id: str) -> VerifyKey:
        """A server's key, valid now; raises `KeyUnavailable`."""


@dataclass(frozen=True, slots=True)
class XMatrix:
    """The parameters of one header. `destination` is None where an older server left it out."""

    origin: str
    destination: str | None
    key_id: str
    signature: str


def parse_x_matrix(value: str) -> XMatrix | None:
    """The parameters of an `Authorization` value; None for another scheme.

    Raises ValueError for an X-Matrix value that is malformed, repeats a parameter or lacks one. The names are without
    regard to case, unknown ones are ignored, values may be quoted.
    """
    scheme = _SCHEME.match(value)
    if scheme is None:
        return None
    found: dict[str, str] = {}
    position = _after_blank(value, scheme.end())
    while position < len(value):
        parameter = _PARAMETER.match(value, position)
        if parameter is None:
            raise ValueError("malformed X-Matrix parameters")
        name, quoted, bare = parameter[1].lower(), parameter[2], parameter[3]
        if name in found:
            raise ValueError("repeated X-Matrix parameter")
        found[name] = bare if quoted is None else _ESCAPED.sub(r"\1", quoted)
        position = _after_blank(value, parameter.end())
    try:
        return XMatrix(found["origin"], found.get("destination"), found["key"], found["sig"])
    except KeyError:
        raise ValueError("missing X-Matrix parameter") from None


class RequestSigner:
    """Signs this server's requests."""

    def __init__(self, identity: Identity) -> None:
        self.server_name = identity.server_name
        self._key = identity.key

    def authorization(self, destination: str, method: str, uri: str, content: bytes | None = None) -> str:
        """The `Authorization` value of a request.

        `uri`: path and query as they are sent. `content`: the body, which must be canonical JSON; None without body.
        """
        covered = _covered(self.server_name, destination, method, uri, content)
        signature = encode_base64(self._key.key.sign(covered).signature)
        return (
            f'X-Matrix origin="{self.server_name}",destination="{destination}",'
            f'key="{self._key.key_id}",sig="{signature}"'
        )


class RequestAuthenticator:
    """Says which server sent a request: the router's `ServerAuthenticator`."""

    def __init__(
        self, server_name: str, keys: RequestKeys, rules: ServerRules, note_heard: NoteHeard = lambda origin: None
    ) -> None:
        self._server_name = server_name
        self._keys = keys
        self._rules = rules
        self._note_heard = note_heard

    async def origin(self, request: Request) -> str:
        """The server that signed method, uri and body.

        Raises `MatrixError`: 401 `M_UNAUTHORIZED` where no signature holds, 403 `M_FORBIDDEN` for a server that is
        not federated with, 400 `M_NOT_JSON` for a body that is not JSON.
        """
        headers = self._headers(request)
        origin = headers[0].origin
        if not self._rules.is_allowed(origin):
            raise forbidden("This server does not federate with yours.")
        for header in headers:
            try:
                key = await self._keys.request_key(origin, header.key_id)
            except KeyUnavailable:
                continue
            if self._is_signed(request, header, key):
                self._note_heard(origin)
                return origin
        raise _unauthorized(f"No valid signature of {origin}.")

    def _headers(self, request: Request) -> Sequence[XMatrix]:
        try:
            parsed = [parse_x_matrix(value) for value in request.headers.all("authorization")]
        except ValueError as error:
            raise _unauthorized(f"The Authorization header is wrong: {error}.") from None
        headers = [header for header in parsed if header is not None]
        if not headers:
            raise _unauthorized("The request is not signed.")
        if len(headers) > MAX_HEADERS or len({header.origin for header in headers}) > 1:
            raise _unauthorized("The Authorization headers contradict each other.")
        if not is_valid_server_name(headers[0].origin):
            raise invalid_param("The origin is not a server name.")
        if any(header.destination not in (None, self._server_name) for header in headers):
            raise _unauthorized("The request is signed for another server.")
        return headers

    def _is_signed(self, request: Request, header: XMatrix, key: VerifyKey) -> bool:
        try:
            signature = decode_base64(header.signature)
        except ValueError:
            return False
        path = (header.origin, self._server_name, request.method, request.uri)
        # Most servers send the canonical bytes they signed; only for the others is the body decoded for this.
        if _is_good(key, _covered(*path, request.body or None), signature):
            return True
        if not request.body:
            return False
        return _is_good(key, _covered(*path, _canonical(request.body)), signature)


def _covered(origin: str, destination: str, method: str, uri: str, content: bytes | None) -> bytes:
    """The canonical bytes of what is signed. `content` sorts first, so its bytes can stand as they are.

    Nothing else can be read out of the same bytes: all after the content are quoted strings of fixed order.
    """
    rest = encode({"destination": destination, "method": method, "origin": origin, "uri": uri})
    return rest if content is None else b'{"content":' + content + b"," + rest[1:]


def _canonical(body: bytes) -> bytes:
    try:
        return encode_lax(decode_strict(body))
    except ValueError:
        raise not_json("The request body is not JSON.") from None


def _is_good(key: VerifyKey, covered: bytes, signature: bytes) -> bool:
    try:
        key.key.verify(covered, signature)
    except (CryptoError, ValueError):
        return False
    return True


def _after_blank(text: str, position: int) -> int:
    blank: Any = _BLANK.match(text, position)
    end: int = blank.end()
    return end


def _unauthorized(message: str) -> MatrixError:
    return MatrixError(401, "M_UNAUTHORIZED", message)
