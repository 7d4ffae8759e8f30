"""What a configuration that is good comes to."""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from homeserver.config import Config, ConfigError, config_from, load
from homeserver.config.quantities import duration_ms, size_bytes
from homeserver.config.signing_keys import create_signing_key, load_signing_keys


def read(**values: object) -> Config:
    """The configuration of these keys and a server name."""
    return config_from({"server_name": "example.org", **values}, Path("/etc/hearth"))


class QuantityTest(unittest.TestCase):
    """Sizes and durations."""

    def test_sizes(self) -> None:
        """Steps of 1024."""
        table: list[tuple[object, int]] = [
            (7, 7),
            ("7", 7),
            ("2K", 2048),
            ("50M", 52428800),
            ("1G", 1 << 30),
            ("5MiB", 5 << 20),
        ]
        for text, expected in table:
            self.assertEqual(size_bytes(text), expected)

    def test_durations(self) -> None:
        """A plain number is milliseconds."""
        table: list[tuple[object, int]] = [
            (1500, 1500),
            ("90s", 90_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("7d", 604_800_000),
        ]
        for text, expected in table:
            self.assertEqual(duration_ms(text), expected)

    def test_neither(self) -> None:
        """Fractions, signs, unknown units and other types are refused."""
        for wrong in ("1.5M", "-1", "M", "", "5 M M", True, None, 1.5, -1, "5x", "٣d"):
            with self.subTest(wrong):
                self.assertRaises(ValueError, size_bytes, wrong)
                self.assertRaises(ValueError, duration_ms, wrong)


class DefaultTest(unittest.TestCase):
    """Only the server's name is needed."""

    def test_defaults(self) -> None:
        """Closed registration, SQLite, one listener on this machine, room version 12."""
        config = read()

        self.assertEqual(config.server.public_baseurl, "https://example.org/")
        self.assertFalse(config.accounts.registration.is_enabled)
        self.assertEqual(config.database.engine, "sqlite")
        self.assertEqual([(each.port, each.bind_addresses) for each in config.listeners], [(8008, ("127.0.0.1",))])
        self.assertEqual(config.keys.signing_key_path, Path("/etc/hearth/example.org.signing.key"))
        self.assertEqual(config.rooms.default_version, "12")
        self.assertEqual(config.server.cache_bytes, 256 << 20)
        self.assertEqual(config.warnings, ())


class ReadingTest(unittest.TestCase):
    """Keys that mean more than themselves."""

    def test_resources_bring_others_along(self) -> None:
        """`client` serves media and the web client too, `federation` keys; every listener its health."""
        config = read(listeners=[{"port": 1, "resources": [{"names": ["client"]}]}, {"port": 2, "type": "metrics"}])

        self.assertEqual(config.listeners[0].resources, {"client", "media", "static", "health"})
        self.assertEqual(config.listeners[1].resources, {"metrics", "health"})

    def test_postgresql(self) -> None:
        """Synapse's names of drivers and arguments, as libpq's parameters."""
        args = {"user": "hearth", "database": "matrix", "host": "db", "port": "5433", "cp_min": 5, "cp_max": 20}
        config = read(database={"name": "psycopg2", "args": args})

        self.assertEqual(config.database.engine, "postgresql")
        self.assertEqual(
            dict(config.database.parameters), {"user": "hearth", "dbname": "matrix", "host": "db", "port": "5433"}
        )
        self.assertEqual((config.database.min_connections, config.database.max_connections), (5, 20))

    def test_a_secret_from_a_file(self) -> None:
        """So that the configuration itself can be shown around."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "secret")
            path.write_text("hush\n", encoding="utf-8")
            config = read(registration_shared_secret_path=str(path))
            self.assertEqual(config.accounts.registration.shared_secret, "hush")
            with self.assertRaises(ConfigError):
                read(registration_shared_secret_path=str(path), registration_shared_secret="other")
        with self.assertRaises(ConfigError) as caught:
            read(registration_shared_secret_path="/nowhere/secret")
        self.assertIn("registration_shared_secret_path: found '/nowhere/secret'", str(caught.exception))

    def test_rate_limits_by_name(self) -> None:
        """Given ones, defaults, and the name of a group for its first limit."""
        limits = read(rc_joins={"local": {"per_second": 5, "burst_count": 50}}).rate_limits.by_name

        self.assertEqual((limits["rc_joins.local"].per_second, limits["rc_joins.local"].burst_count), (5.0, 50))
        self.assertEqual(limits["rc_joins"], limits["rc_joins.local"])
        self.assertEqual(limits["rc_joins.remote"].burst_count, 10)

    def test_the_cache_factor_of_the_environment(self) -> None:
        """It multiplies the size."""
        with patch.dict(os.environ, {"HOMESERVER_CACHE_FACTOR": "0.5"}):
            self.assertEqual(read(cache="100M").server.cache_bytes, 50 << 20)
        with patch.dict(os.environ, {"HOMESERVER_CACHE_FACTOR": "lots"}), self.assertRaises(ConfigError):
            read()

    def test_preview_ranges_follow_the_general_ones(self) -> None:
        """Until they are given."""
        config = read(ip_range_blacklist=["10.0.0.0/8"], url_preview_ip_range_blacklist=["127.0.0.1"])

        self.assertEqual(config.federation.denied_ranges, ("10.0.0.0/8",))
        self.assertEqual(config.media.url_preview.denied_ranges, ("127.0.0.1/32",))
        self.assertIsNone(read().outbound.denied_ranges)

    def test_an_empty_whitelist_allows_nobody(self) -> None:
        """Unlike none at all."""
        self.assertEqual(read(federation_domain_whitelist=[]).federation.domain_whitelist, frozenset())
        self.assertIsNone(read().federation.domain_whitelist)

    def test_cas(self) -> None:
        """The section alone switches it on."""
        cas = read(
            cas_config={"server_url": "https://cas.example/cas/", "required_attributes": {"dept": None}}
        ).accounts.cas

        assert cas is not None
        self.assertEqual(cas.server_url, "https://cas.example/cas")
        self.assertEqual(dict(cas.required_attributes), {"dept": None})
        self.assertIsNone(read(cas_config={"enabled": False}).accounts.cas)


class FileTest(unittest.TestCase):
    """Files and folders of files."""

    def setUp(self) -> None:
        """An empty folder."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, text: str) -> str:
        """A file in the folder."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return str(self.folder / name)

    def complaint(self, *paths: str) -> str:
        """What is wrong with the files."""
        with self.assertRaises(ConfigError) as caught:
            load(list(paths))
        return str(caught.exception)

    def test_a_later_file_wins_key_by_key(self) -> None:
        """A section is replaced as a whole."""
        first = self.write("a.yaml", "server_name: example.org\nbcrypt_rounds: 5\ndatabase: {name: psycopg2}\n")
        second = self.write("b.yaml", "database: {name: sqlite3, args: {database: ':memory:'}}\n")

        config = load([first, second])
        self.assertEqual(config.accounts.passwords.bcrypt_rounds, 5)
        self.assertEqual(config.database.path, ":memory:")

    def test_a_folder_stands_for_its_yaml_files(self) -> None:
        """In the order of their names."""
        self.write("10-first.yaml", "server_name: first.example\nbcrypt_rounds: 5\n")
        self.write("20-second.yaml", "server_name: second.example\n")
        self.write("30-other.txt", "not: [read")

        self.assertEqual(load([str(self.folder)]).server.server_name, "second.example")

    def test_the_signing_key_stands_beside_the_first_file(self) -> None:
        """Unless its path is given."""
        path = self.write("a.yaml", "server_name: example.org\n")

        self.assertEqual(load([path]).keys.signing_key_path, self.folder / "example.org.signing.key")

    def test_what_is_no_configuration(self) -> None:
        """Missing files, malformed ones, and keys that stand twice."""
        self.assertIn("there is no such configuration file", self.complaint(str(self.folder / "none.yaml")))
        self.assertIn("there is no *.yaml file", self.complaint(str(self.folder)))
        self.assertIn(
            "is not YAML: line 3, column 1: did not find expected ',' or ']'",
            self.complaint(self.write("bad.yaml", "a: 1\nb: [hush\n")),
        )
        self.assertIn("allowed is a mapping", self.complaint(self.write("list.yaml", "- 1\n")))
        twice = self.write("twice.yaml", "database:\n  name: a\n  name: b\n")
        self.assertIn("database.name stands there twice (second time at line 3)", self.complaint(twice))

    def test_secrets_do_not_leak_from_malformed_yaml(self) -> None:
        """The parser quotes what it does not understand."""
        self.assertNotIn("hush", self.complaint(self.write("a.yaml", "turn_password: *hush\n")))


class SigningKeyTest(unittest.TestCase):
    """The file that must not get lost."""

    def test_it_is_made_once(self) -> None:
        """Readable by its owner only, and never overwritten."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "signing.key")
            self.assertTrue(create_signing_key(path))
            (key,) = load_signing_keys(path)
            self.assertFalse(create_signing_key(path))
            self.assertEqual(load_signing_keys(path)[0].verify_key.encoded, key.verify_key.encoded)
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)

    def test_a_missing_or_broken_file_stops_the_start(self) -> None:
        """With what to do about it, and without its content."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "signing.key")
            with self.assertRaises(ConfigError) as caught:
                load_signing_keys(path)
            self.assertIn("--generate-keys", str(caught.exception))
            for content in ("hush hush hush\n", ""):
                path.write_text(content, encoding="ascii")
                with self.assertRaises(ConfigError) as caught:
                    load_signing_keys(path)
                self.assertNotIn("hush", str(caught.exception))
