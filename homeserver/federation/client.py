"""The calls to other servers, put together.

https://spec.matrix.org/v1.19/server-server-api/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from homeserver.federation.calls import Call, Calls
from homeserver.federation.client_history import HistoryClient
from homeserver.federation.client_memberships import MembershipClient
from homeserver.federation.client_queries import QueryClient
from homeserver.federation.client_spaces import SpaceClient
from homeserver.federation.settings import FederationSettings
from homeserver.federation.timed_cache import Clock, now_ms
from homeserver.http.egress_settings import EgressOptions
from homeserver.protocol.canonical_json import decode_strict, encode, encode_lax

_MAX_REASON_CHARS = 1000


class _Results(msgspec.Struct):
    pdus: dict[str, Any] = {}


class TransactionClient:
    """Delivers transactions. Whether a destination may be tried, and how that went, is the sender's business."""

    def __init__(self, calls: Calls, server_name: str, settings: FederationSettings, clock: Clock = now_ms) -> None:
        self._calls = calls
        self._server_name = server_name
        self._options = EgressOptions(total_ms=settings.request_timeout_ms)
        self._clock = clock

    async def send_transaction(
        self, destination: str, txn_id: str, pdus: Sequence[Any], edus: Sequence[Any]
    ) -> dict[str, str]:
        """Deliver; the events the server refused, with its reasons. Raises `FederationError`.

        A PDU is a JSON object, or a `msgspec.Raw` of its canonical bytes, which are sent as they are.

        https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv1sendtxnid
        """
        parts = [bytes(pdu) if isinstance(pdu, msgspec.Raw) else encode_lax(pdu) for pdu in pdus]
        rest = encode({"origin": self._server_name, "origin_server_ts": self._clock()})
        canonical_edus = encode_lax(decode_strict(msgspec.json.encode(edus)))
        # In canonical order: edus, origin, origin_server_ts, pdus.
        content = b'{"edus":' + canonical_edus + b"," + rest[1:-1] + b',"pdus":[' + b",".join(parts) + b"]}"
        call = Call("PUT", ("federation", "v1", "send", txn_id), (), content, self._options, is_counted=False)
        results = await self._calls.ask(destination, call, _Results)
        return {
            event_id: str(result["error"])[:_MAX_REASON_CHARS]
            for event_id, result in results.pdus.items()
            if isinstance(result, dict) and "error" in result
        }


@dataclass(frozen=True, slots=True)
class FederationClient:
    """Every call to other servers. Hand out the part that is needed."""

    calls: Calls
    memberships: MembershipClient
    history: HistoryClient
    queries: QueryClient
    spaces: SpaceClient
    transactions: TransactionClient

    @staticmethod
    def of(calls: Calls, server_name: str, settings: FederationSettings) -> FederationClient:
        """All parts over the same way of calling."""
        return FederationClient(
            calls,
            MembershipClient(calls, settings),
            HistoryClient(calls, settings),
            QueryClient(calls, settings),
            SpaceClient(calls, settings),
            TransactionClient(calls, server_name, settings),
        )
