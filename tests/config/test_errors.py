"""What a person is told about a configuration that cannot be used."""

from __future__ import annotations

import unittest
from pathlib import Path

from homeserver.config import Config, ConfigError, config_from

HERE = Path("/nowhere")
GOOD: dict[str, object] = {"server_name": "example.org"}


def read(**values: object) -> Config:
    """The configuration of these keys and a server name."""
    return config_from({**GOOD, **values}, HERE)


def problems(**values: object) -> tuple[str, ...]:
    """What is wrong with these keys."""
    try:
        read(**values)
    except ConfigError as error:
        return error.problems
    return ()


class WrongValueTest(unittest.TestCase):
    """The full path of the key, what was found, and what is allowed."""

    def test_values(self) -> None:
        """One wrong value a line."""
        size = "a size: a number of bytes, or a number with K, M, G or T"
        name = "a server name: a DNS name or an IP address, with or without :port"
        duration = "a duration: a number with s, m, h, d, w or y, or a plain number of milliseconds"
        listener = {"port": 1, "resources": [{"names": ["client", "identity"]}]}
        resources = "client, federation, keys, media, metrics, health, static, openid"
        table: list[tuple[dict[str, object], str]] = [
            ({"server_name": "no spaces"}, f"server_name: found 'no spaces'; allowed is {name}"),
            ({"enable_metrics": "maybe"}, "enable_metrics: found 'maybe'; allowed is true or false"),
            ({"max_upload_size": "50X"}, f"max_upload_size: found '50X'; allowed is {size}"),
            ({"session_lifetime": "7 days"}, f"session_lifetime: found '7 days'; allowed is {duration}"),
            ({"bcrypt_rounds": 3}, "bcrypt_rounds: found 3; allowed is a whole number from 4 to 31"),
            ({"bcrypt_rounds": True}, "bcrypt_rounds: found True; allowed is a whole number from 4 to 31"),
            ({"public_baseurl": "example.org"},
             "public_baseurl: found 'example.org'; allowed is a URL that begins with http:// or https://"),
            ({"database": {"name": "mysql"}},
             "database.name: found 'mysql'; allowed is one of sqlite3, psycopg2, psycopg"),
            ({"database": "sqlite3"}, "database: found a text; allowed is a section (indented keys)"),
            ({"listeners": {"port": 8008}}, "listeners: found a section; allowed is a list of sections"),
            ({"listeners": [listener]},
             f"listeners[0].resources[0].names[1]: found 'identity'; allowed is one of {resources}"),
            ({"listeners": [{"resources": []}]},
             "listeners[0].port: found nothing, but it is needed; allowed is a port number from 0 to 65535"),
            ({"rc_login": {"address": {"per_second": -1}}},
             "rc_login.address.per_second: found -1; allowed is a number that is not negative"),
            ({"ip_range_blacklist": ["10.0.0.0/33"]},
             "ip_range_blacklist[0]: found '10.0.0.0/33'; allowed is an IP address or a range such as 10.0.0.0/8"),
            ({"federation_custom_ca_list": ["/nowhere/ca.pem"]},
             "federation_custom_ca_list: found '/nowhere/ca.pem', which is not there; allowed is a list of files"),
            ({"default_room_version": "99"}, "default_room_version: found '99'; allowed is a room version: "
             "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"),
            ({"email": {"smtp_port": 70000}},
             "email.smtp_port: found 70000; allowed is a port number from 0 to 65535"),
            ({"trusted_key_servers": [{"verify_keys": {}}]},
             f"trusted_key_servers[0].server_name: found nothing, but it is needed; allowed is {name}"),
        ]  # fmt: skip
        for values, expected in table:
            with self.subTest(expected.partition(":")[0]):
                self.assertEqual(problems(**values), (expected,))

    def test_server_name_is_needed(self) -> None:
        """Nothing can be guessed about it."""
        with self.assertRaises(ConfigError) as caught:
            config_from({}, HERE)
        self.assertIn("server_name: found nothing, but it is needed", str(caught.exception))

    def test_all_problems_are_told_at_once(self) -> None:
        """One start is enough to find them."""
        told = problems(bcrypt_rounds=3, databse={}, max_upload_size=[])

        self.assertEqual([each.partition(":")[0] for each in told], ["bcrypt_rounds", "max_upload_size", "databse"])

    def test_a_tls_listener_needs_a_certificate(self) -> None:
        """The key that makes it needed is named."""
        told = problems(listeners=[{"port": 8448, "tls": True}])

        self.assertEqual(len(told), 2)
        self.assertEqual(
            told[0],
            "tls_certificate_path: found nothing, but it is needed; allowed is the path of a PEM file, since a listener"
            " has tls: true",
        )

    def test_registration_without_any_check_must_be_meant(self) -> None:
        """Open registration invites spam, so that it takes two keys."""
        (told,) = problems(enable_registration=True)

        self.assertIn("enable_registration_without_verification", told)
        self.assertEqual(problems(enable_registration=True, enable_registration_without_verification=True), ())
        self.assertEqual(problems(enable_registration=True, registration_requires_token=True), ())


class UnknownKeyTest(unittest.TestCase):
    """A key that nobody reads is a mistake, most likely of typing."""

    def test_the_nearest_known_key_is_named(self) -> None:
        """At the top and further down."""
        table: list[tuple[dict[str, object], str]] = [
            ({"enable_registraton": True},
             "enable_registraton: no such key; the nearest known key is 'enable_registration'"),
            ({"rc_login": {"adress": {}}}, "rc_login.adress: no such key; the nearest known key is 'address'"),
            ({"listeners": [{"port": 1, "x_forwardet": True}]},
             "listeners[0].x_forwardet: no such key; the nearest known key is 'x_forwarded'"),
            ({"database": {"name": "psycopg", "args": {"pasword": "hush"}}},
             "database.args.pasword: no such key; the nearest known key is 'password'"),
            ({"presence": {"zzz": 1}}, "presence.zzz: no such key; known keys here are enabled"),
            ({"qqqqqqqq": 1}, "qqqqqqqq: no such key, and none that is known looks like it (see docs/operations.md)"),
        ]  # fmt: skip
        for values, expected in table:
            with self.subTest(expected.partition(":")[0]):
                self.assertEqual(problems(**values), (expected,))

    def test_keys_of_synapse_give_warnings(self) -> None:
        """A homeserver.yaml of Synapse's can be brought along."""
        config = read(
            caches={"global_factor": 2},
            macaroon_secret_key="hush",
            redis={"enabled": True},
            database={"name": "sqlite3", "txn_limit": 10, "args": {"database": ":memory:", "cp_max": 5}},
            listeners=[{"port": 1, "resources": [{"names": ["client"], "compress": True}]}],
        )

        named = {warning.partition(":")[0] for warning in config.warnings}
        self.assertEqual(
            named,
            {"caches", "macaroon_secret_key", "redis", "database.txn_limit", "database.args.cp_max",
             "listeners[0].resources[0].compress"},
        )  # fmt: skip
        self.assertNotIn("hush", str(config.warnings))

    def test_an_inline_signing_key_is_no_mere_warning(self) -> None:
        """Ignoring it would make the server sign with another key."""
        (told,) = problems(signing_key="ed25519 a_1 hush")

        self.assertIn("signing_key_path", told)
        self.assertNotIn("hush", told)


class SecretTest(unittest.TestCase):
    """Secrets are in the records, and nowhere else."""

    SECRETS: dict[str, object] = {  # noqa: RUF012
        "registration_shared_secret": "hush-1",
        "password_config": {"pepper": "hush-2"},
        "turn_shared_secret": "hush-3",
        "turn_password": "hush-4",
        "recaptcha_private_key": "hush-5",
        "email": {"smtp_pass": "hush-6"},
        "database": {"name": "psycopg2", "args": {"user": "u", "password": "hush-7"}},
    }

    def test_no_secret_is_in_the_representation(self) -> None:
        """A record may end up in a log."""
        config = read(**self.SECRETS)

        self.assertNotIn("hush", repr(config))
        self.assertEqual(config.accounts.registration.shared_secret, "hush-1")
        self.assertEqual(config.accounts.passwords.pepper, "hush-2")
        self.assertEqual(config.voip.shared_secret, "hush-3")
        self.assertEqual(config.database.parameters["password"], "hush-7")

    def test_no_secret_is_in_an_error(self) -> None:
        """Not even one of the wrong type."""
        for key in ("registration_shared_secret", "turn_password", "recaptcha_private_key"):
            with self.subTest(key):
                (told,) = problems(**{key: 271828})
                self.assertEqual(told, f"{key}: found a number (not shown: this is a secret); allowed is a text")
