"""`register_new_matrix_user`: adds a user with the registration shared secret, while registration may be closed."""

from __future__ import annotations

import argparse
import getpass
import hashlib
import hmac
import json
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field

from homeserver import config
from homeserver.commands.asking import NoAnswer, ask, ask_password

_PATH = "/_synapse/admin/v1/register"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_TIMEOUT_S = 60


class RegistrationFailed(Exception):
    """The server refused, or could not be reached."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """Who is to be registered. `user_type`: None, `support` or `bot`."""

    localpart: str
    password: str = field(repr=False)
    is_admin: bool
    user_type: str | None = None


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="register_new_matrix_user", description="Registers a user on a running homeserver."
    )
    secret = made.add_mutually_exclusive_group()
    secret.add_argument(
        "-c", "--config", action="append", metavar="FILE", help="configuration, to read the shared secret and port from"
    )
    secret.add_argument("-k", "--shared-secret", metavar="SECRET", help="the shared secret itself (others can see it)")
    made.add_argument("-u", "--user", metavar="NAME", help="the part of the user ID before the colon (else asked for)")
    made.add_argument("-p", "--password", metavar="WORD", help="the password (else asked for, which nobody can see)")
    made.add_argument("-t", "--user-type", choices=("support", "bot"), help="a special type of user")
    admin = made.add_mutually_exclusive_group()
    admin.add_argument("-a", "--admin", action="store_true", default=None, help="an administrator of the server")
    admin.add_argument("--no-admin", action="store_false", dest="admin", help="not an administrator")
    made.add_argument("--exists-ok", action="store_true", help="it is no failure when the user exists already")
    made.add_argument("server_url", nargs="?", metavar="URL", help="the server (default: the configuration's listener)")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status."""
    made = parser()
    options = made.parse_args(arguments)
    try:
        secret, url = options.shared_secret, options.server_url
        if secret is None:
            loaded = config.load(options.config or config.default_paths())
            secret = loaded.accounts.registration.shared_secret
            url = url or _url_of(loaded)
            if secret is None:
                raise RegistrationFailed("registration_shared_secret: the configuration has none")
        user_id = register(url or "http://localhost:8008", secret, _ask_for(options))
    except config.ConfigError as error:
        print("\n".join(f"register_new_matrix_user: {problem}" for problem in error.problems), file=sys.stderr)
        return 2
    except (RegistrationFailed, NoAnswer) as error:
        if options.exists_ok and "M_USER_IN_USE" in str(error):
            print("the user exists already")
            return 0
        print(f"register_new_matrix_user: {error}", file=sys.stderr)
        return 1
    print(f"registered {user_id}")
    return 0


def _ask_for(options: argparse.Namespace) -> NewUser:
    localpart = options.user or ask("User name", getpass.getuser())
    password = options.password or ask_password()
    is_admin = options.admin
    if is_admin is None:
        is_admin = sys.stdin.isatty() and ask("Make them an administrator? yes or no", "no").lower() in ("y", "yes")
    return NewUser(localpart, password, is_admin, options.user_type)


def _url_of(loaded: config.Config) -> str | None:
    listeners = [each for each in loaded.listeners if "client" in each.resources and each.unix_path is None]
    listeners.sort(key=lambda each: each.tls)
    if not listeners:
        return None
    address = listeners[0].bind_addresses[0]
    host = "localhost" if address in ("0.0.0.0", "::") else address  # noqa: S104  (compared, not bound)
    scheme = "https" if listeners[0].tls else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{listeners[0].port}"


def register(url: str, shared_secret: str, user: NewUser) -> str:
    """Register; returns the user ID. Raises RegistrationFailed."""
    nonce = str(_request(url, None)["nonce"])
    parts = [nonce, user.localpart, user.password, "admin" if user.is_admin else "notadmin"]
    if user.user_type is not None:
        parts.append(user.user_type)
    # The protocol's own choice of hash; as an HMAC, SHA-1 is not broken.
    code = hmac.new(shared_secret.encode("utf-8"), "\0".join(parts).encode("utf-8"), hashlib.sha1)
    body = {
        "nonce": nonce,
        "username": user.localpart,
        "password": user.password,
        "admin": user.is_admin,
        "mac": code.hexdigest(),
    }
    if user.user_type is not None:
        body["user_type"] = user.user_type
    return str(_request(url, body)["user_id"])


def _request(url: str, body: dict[str, object] | None) -> dict[str, object]:
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise RegistrationFailed(f"{url}: allowed is a URL that begins with http:// or https://")
    data = None if body is None else json.dumps(body).encode("utf-8")
    request = urllib.request.Request(url.rstrip("/") + _PATH, data, {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S, context=_trust(url)) as response:  # noqa: S310
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        raise RegistrationFailed(_refusal(error)) from None
    except (OSError, ValueError) as error:
        raise RegistrationFailed(f"{url}: {getattr(error, 'reason', None) or error}") from None
    if not isinstance(answer, dict) or ("nonce" if body is None else "user_id") not in answer:
        raise RegistrationFailed(f"{url}: the answer is not that of a homeserver")
    return answer


def _trust(url: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if urllib.parse.urlsplit(url).hostname in _LOOPBACK:
        # This machine itself: its certificate is for its public name.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _refusal(error: urllib.error.HTTPError) -> str:
    try:
        answer = json.load(error)
        return f"{answer['errcode']}: {answer['error']}"
    except (ValueError, KeyError, TypeError):
        return f"{error.url}: {error.code} {error.reason}"


if __name__ == "__main__":
    sys.exit(main())
