"""From a server name to the addresses, the certificate name and the `Host` field of its requests.

https://spec.matrix.org/v1.19/server-server-api/#resolving-server-names
"""

from __future__ import annotations

from homeserver.federation.srv import SrvLookup
from homeserver.federation.well_known import WellKnown
from homeserver.http.egress_settings import Target
from homeserver.http.egress_url import is_ip_address
from homeserver.protocol.ids import is_valid_server_name

DEFAULT_PORT = 8448


def split_server_name(server_name: str) -> tuple[str, int | None]:
    """Host (IPv6 without brackets) and port, if any; raises ValueError for what is no server name."""
    if not is_valid_server_name(server_name):
        raise ValueError("not a server name")
    host, colon, port = server_name.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = server_name, ""
    return host.removeprefix("[").removesuffix("]"), int(port) if port else None


class Discovery:
    """Finds servers. Both look-ups it makes are cached, so asking again costs nothing."""

    def __init__(self, well_known: WellKnown, srv: SrvLookup) -> None:
        self._well_known = well_known
        self._srv = srv

    async def targets(self, server_name: str) -> list[Target]:
        """Where requests for a server go, in the order to try; at least one. Raises ValueError for a bad name."""
        host, port = split_server_name(server_name)
        if port is not None or is_ip_address(host):
            return [Target(host, DEFAULT_PORT if port is None else port, host, server_name)]
        delegated = await self._well_known.find_delegated_name(host)
        if delegated is None:
            return await self._by_srv(host)
        host, port = split_server_name(delegated)
        if port is not None or is_ip_address(host):
            return [Target(host, DEFAULT_PORT if port is None else port, host, delegated)]
        return await self._by_srv(host)

    async def _by_srv(self, host: str) -> list[Target]:
        """The SRV records only say where to connect: the certificate must be for the name that has them."""
        records = await self._srv.servers(host)
        if not records:
            return [Target(host, DEFAULT_PORT, host, host)]
        return [Target(record.host, record.port, host, host) for record in records]
