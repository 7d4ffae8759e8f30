"""The file that holds this server's signing keys."""

from __future__ import annotations

import secrets
from pathlib import Path

from homeserver.config.findings import ConfigError
from homeserver.config.new_files import write_new
from homeserver.config.private_files import is_open_to_all
from homeserver.protocol.signing import SigningKey, read_signing_keys, signing_key_from_seed, write_signing_keys

_KEY_VERSION_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def load_signing_keys(path: Path) -> list[SigningKey]:
    """The keys of the file, the one to sign with first; raises ConfigError where there is none."""
    try:
        keys = read_signing_keys(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        hint = "python -m homeserver -c FILE --generate-keys makes one"
        raise ConfigError([f"signing_key_path: there is no file {str(path)!r} ({hint})"]) from None
    except OSError as error:
        raise ConfigError([f"signing_key_path: {str(path)!r} cannot be read: {error.strerror}"]) from None
    except ValueError:
        raise ConfigError([f"signing_key_path: {str(path)!r} is not a file of signing keys"]) from None
    if is_open_to_all(path):
        problem = f"{str(path)!r} can be read by everybody on this machine; take that from them: chmod o= {path}"
        raise ConfigError([f"signing_key_path: {problem}"])
    if not keys:
        raise ConfigError([f"signing_key_path: {str(path)!r} holds no key"])
    return keys


def create_signing_key(path: Path) -> bool:
    """Write a file with one new key, readable by its owner only; False where there is a file. Raises OSError."""
    version = "a_" + "".join(secrets.choice(_KEY_VERSION_CHARACTERS) for _ in range(4))
    text = write_signing_keys([signing_key_from_seed(version, secrets.token_bytes(32))])
    return write_new(path, text.encode("ascii"), 0o600)
