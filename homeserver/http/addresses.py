"""Which IP addresses outbound requests may connect to."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

#: Ranges that are not the public internet (IANA special-purpose address registries): the default of
#: `ip_range_blacklist`.
DEFAULT_DENIED_RANGES = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "64:ff9b:1::/48",
    "100::/64",
    "2001:2::/48",
    "2001:db8::/32",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
)

_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address


class AddressRules:
    """Deny and allow lists of ranges in CIDR notation; an allowed range wins over a denied one.

    An IPv6 address that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) is denied where that IPv4
    address is. Raises ValueError for a range that does not parse.
    """

    __slots__ = ("_allowed", "_denied")

    def __init__(self, denied: Iterable[str], allowed: Iterable[str] = ()) -> None:
        self._denied = [_bounds(text) for text in denied]
        self._allowed = [_bounds(text) for text in allowed]

    def is_allowed(self, address: str) -> bool:
        """Whether to connect to an IP address; what is no IP address is not allowed."""
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        carried = _carried(parsed)
        if _is_in(parsed, self._allowed) or _mapped_is_in(parsed, self._allowed):
            return True
        return not any(_is_in(each, self._denied) for each in (parsed, *carried))


def _bounds(text: str) -> tuple[int, int, int]:
    network = ip_network(text, strict=False)
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is not None and network.prefixlen >= 96:
        network = ip_network(f"{mapped}/{network.prefixlen - 96}", strict=False)
    return network.version, int(network.network_address), int(network.broadcast_address)


def _is_in(address: Address, ranges: list[tuple[int, int, int]]) -> bool:
    version, number = address.version, int(address)
    return any(version == of and first <= number <= last for of, first, last in ranges)


def _mapped_is_in(address: Address, ranges: list[tuple[int, int, int]]) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped is not None and _is_in(mapped, ranges)


def _carried(address: Address) -> list[IPv4Address]:
    """The IPv4 addresses that packets to an IPv6 address may end at."""
    if isinstance(address, IPv4Address):
        return []
    carried = [found for found in (address.ipv4_mapped, address.sixtofour) if found is not None]
    if address.teredo is not None:
        carried.extend(address.teredo)
    if address in _COMPATIBLE or address in _NAT64:
        carried.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return carried
