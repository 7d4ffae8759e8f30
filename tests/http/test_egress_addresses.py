"""Which addresses may be connected to."""

from __future__ import annotations

import unittest

from homeserver.http.addresses import DEFAULT_DENIED_RANGES, AddressRules


class DefaultRules(unittest.TestCase):
    def test_addresses_that_are_not_the_public_internet_are_denied(self) -> None:
        rules = AddressRules(DEFAULT_DENIED_RANGES)
        for address in (
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.31.255.255",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fe80::1%eth0",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::ffff:7f00:1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:0:a00:1::",
            "not an address",
            "",
        ):
            with self.subTest(address):
                self.assertFalse(rules.is_allowed(address))

    def test_public_addresses_are_allowed(self) -> None:
        rules = AddressRules(DEFAULT_DENIED_RANGES)
        for address in ("1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "2002:101:101::"):
            with self.subTest(address):
                self.assertTrue(rules.is_allowed(address))


class OwnRules(unittest.TestCase):
    def test_an_allowed_range_wins(self) -> None:
        rules = AddressRules(DEFAULT_DENIED_RANGES, ["10.1.0.0/16", "fd00:1::/32"])

        self.assertTrue(rules.is_allowed("10.1.2.3"))
        self.assertTrue(rules.is_allowed("::ffff:10.1.2.3"))
        self.assertTrue(rules.is_allowed("fd00:1::5"))
        self.assertFalse(rules.is_allowed("10.2.2.3"))

    def test_an_allowed_ipv4_range_does_not_open_tunnels_to_it(self) -> None:
        rules = AddressRules(DEFAULT_DENIED_RANGES, ["10.1.0.0/16"])

        self.assertFalse(rules.is_allowed("2002:a01:203::"))

    def test_a_mapped_range_is_the_ipv4_range(self) -> None:
        rules = AddressRules(["::ffff:10.0.0.0/104"])

        self.assertFalse(rules.is_allowed("10.1.2.3"))

    def test_a_range_that_does_not_parse_is_an_error(self) -> None:
        with self.assertRaises(ValueError):
            AddressRules(["10.0.0.0/33"])
