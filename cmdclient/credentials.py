"""The file of logins, several at each homeserver, that only its owner can read."""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cmdclient.errors import CommandError

DEFAULT_HOMESERVER = "http://127.0.0.1:8008"


@dataclass(frozen=True, slots=True)
class Login:
    """Who is logged in at a homeserver. The token is kept out of every representation."""

    user_id: str
    device_id: str
    access_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """A login and where it is one."""

    homeserver: str
    login: Login


def default_path(environment: Mapping[str, str]) -> Path:
    """HEARTH_CLI_CONFIG, or `hearth/cli.json` in the directory of the XDG specification."""
    if named := environment.get("HEARTH_CLI_CONFIG"):
        return Path(named)
    directory = environment.get("XDG_CONFIG_HOME")
    return (Path(directory) if directory else Path.home() / ".config") / "hearth" / "cli.json"


class CredentialFile:
    """Shape: `{"homeserver": URL, "show": "on"|"off"|"curl", "logins": {URL: [{"user_id", "device_id",
    "access_token"}, ...]}}`; of a homeserver's logins the first is the one in use.

    Every change is written at once, to a new file that takes the old one's place.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.homeserver = DEFAULT_HOMESERVER
        self.show = "off"
        self._logins: dict[str, list[Login]] = {}
        self._read()

    def find_login(self, homeserver: str) -> Login | None:
        """Who is logged in there."""
        return next(iter(self._logins.get(homeserver, [])), None)

    def accounts(self) -> list[Account]:
        """All logins, in the order in which they were used last at each homeserver."""
        return [Account(homeserver, login) for homeserver, logins in self._logins.items() for login in logins]

    def put_login(self, homeserver: str, login: Login) -> None:
        """Remember a login, the one in use from now on; its homeserver is used when none is named."""
        others = [each for each in self._logins.get(homeserver, []) if each.user_id != login.user_id]
        self._logins[homeserver] = [login, *others]
        self.homeserver = homeserver
        self.write()

    def drop_login(self, homeserver: str) -> None:
        """Forget the login in use there."""
        if logins := self._logins.pop(homeserver, []):
            if others := logins[1:]:
                self._logins[homeserver] = others
            self.write()

    def write(self) -> None:
        """Write the file. CommandError when that cannot be done."""
        logins = {homeserver: [asdict(login) for login in all_of_it] for homeserver, all_of_it in self._logins.items()}
        content = {"homeserver": self.homeserver, "show": self.show, "logins": logins}
        fresh = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Mode given at creation: there is no moment at which others could open it.
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise CommandError(
                f"{self.path} cannot be written: {error.strerror}. Name another: --config FILE"
            ) from error

    def _read(self) -> None:
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
            with os.fdopen(descriptor, encoding="utf-8") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    os.fchmod(file.fileno(), 0o600)
                content = json.load(file)
        except FileNotFoundError:
            return
        except OSError as error:
            raise CommandError(f"{self.path} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise CommandError(f"{self.path} is not JSON. Repair it, or remove it and log in again.") from error
        self._load(content)

    def _load(self, content: Any) -> None:
        try:
            logins = {
                str(homeserver): [
                    Login(str(each["user_id"]), str(each["device_id"]), str(each["access_token"])) for each in saved
                ]
                for homeserver, saved in content.get("logins", {}).items()
            }
            self.homeserver = str(content.get("homeserver", DEFAULT_HOMESERVER))
            self.show = content["show"] if content.get("show") in ("on", "curl") else "off"
            self._logins = logins
        except (AttributeError, KeyError, TypeError) as error:
            message = f"{self.path} is not a file of hearth-cli. Name another one: --config FILE"
            raise CommandError(message) from error
