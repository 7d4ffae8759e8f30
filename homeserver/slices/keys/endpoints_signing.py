"""`/keys/device_signing/upload` and `/keys/signatures/upload`.

https://spec.matrix.org/v1.19/client-server-api/#cross-signing
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.requester import Requester
from homeserver.slices.keys.cross_signing import CrossSigning
from homeserver.slices.keys.signatures import Signatures, read_signatures
from homeserver.slices.keys.signing_shapes import read_signing_keys

_KEYS = "/_matrix/client/v3/keys"
#: Older clients still use it.
_UNSTABLE = "/_matrix/client/unstable/keys"

Confirm = Callable[[Requester, Request, dict[str, Any]], Awaitable[dict[str, Any]]]
"""User-interactive authentication: the body to carry out, without `auth`; raises 401 until the user has shown who
they are."""


class SigningEndpoints:
    """Publishes cross-signing keys and signatures."""

    def __init__(self, cross_signing: CrossSigning, signatures: Signatures, confirm: Confirm) -> None:
        self._cross_signing = cross_signing
        self._signatures = signatures
        self._confirm = confirm

    @route("POST", (f"{_KEYS}/device_signing/upload", f"{_UNSTABLE}/device_signing/upload"))
    async def device_signing(self, request: Request, requester: Requester) -> Json:
        """Publish cross-signing keys; to replace some, users have to show who they are.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysdevice_signingupload
        """
        body, user_id = request.json_object(), requester.user_id
        keys = read_signing_keys(body, user_id)
        is_trusted = requester.app_service is not None
        # A session of authentication may hold the keys of an earlier request: then there are none in this one.
        is_whole = bool(keys) or not body.get("auth")
        if is_whole and await self._cross_signing.upload(user_id, keys, is_confirmed=is_trusted):
            return {}
        keys = read_signing_keys(await self._confirm(requester, request, body), user_id)
        await self._cross_signing.upload(user_id, keys, is_confirmed=True)
        return {}

    @route("POST", (f"{_KEYS}/signatures/upload", f"{_UNSTABLE}/signatures/upload"))
    async def upload_signatures(self, request: Request, requester: Requester) -> Json:
        """Publish signatures of one's own devices and master key, and of others' master keys.

        https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keyssignaturesupload
        """
        signed = read_signatures(request.json_object())
        return {"failures": await self._signatures.upload(requester.user_id, signed)}
