"""The configuration: YAML files in, frozen records out, exact complaints in between."""

from __future__ import annotations

from homeserver.config.accounts import PasswordConfig
from homeserver.config.files import read_files
from homeserver.config.findings import ConfigError
from homeserver.config.records import Config, config_from

__all__ = ["Config", "ConfigError", "PasswordConfig", "config_from", "load"]


def load(paths: list[str]) -> Config:
    """The configuration that these files (or directories of `*.yaml`) make together, later ones winning key by key.

    Raises ConfigError with one line for each thing that is wrong.
    """
    values, first_directory = read_files(paths)
    return config_from(values, first_directory)
