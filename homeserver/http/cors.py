"""Cross-Origin Resource Sharing: web clients of any origin may call the APIs.

https://spec.matrix.org/v1.19/client-server-api/#web-browser-clients
"""

from __future__ import annotations

#: On every answer of the APIs. `ETag` is for rendezvous sessions, `Retry-After` for rate limits.
CORS_FIELDS: tuple[tuple[str, str], ...] = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE, OPTIONS"),
    (
        "Access-Control-Allow-Headers",
        "X-Requested-With, Content-Type, Authorization, Date, If-Match, If-None-Match, Range",
    ),
    ("Access-Control-Expose-Headers", "ETag, Location, Retry-After, Content-Disposition, Content-Range"),
)

#: Only on the answer to OPTIONS: how long a browser may remember it, in seconds.
PREFLIGHT_FIELDS: tuple[tuple[str, str], ...] = (("Access-Control-Max-Age", "86400"),)
