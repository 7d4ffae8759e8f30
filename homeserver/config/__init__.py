"""The configuration: YAML files in, frozen records out, exact complaints in between."""

from __future__ import annotations

from pathlib import Path

from homeserver.config.accounts import PasswordConfig
from homeserver.config.files import read_files
from homeserver.config.findings import ConfigError
from homeserver.config.records import Config, config_from

__all__ = ["Config", "ConfigError", "PasswordConfig", "config_from", "default_paths", "load"]


#: Where packages put the configuration.
_PACKAGED = Path("/etc/hearth")


def default_paths() -> list[str]:
    """What commands read that are told no path: `homeserver.yaml` here, else what a package has put in place."""
    here = "homeserver.yaml"
    return [str(_PACKAGED)] if not Path(here).exists() and _PACKAGED.is_dir() else [here]


def load(paths: list[str]) -> Config:
    """The configuration that these files (or directories of `*.yaml`) make together, later ones winning key by key.

    Raises ConfigError with one line for each thing that is wrong.
    """
    values, first_directory = read_files(paths)
    return config_from(values, first_directory)
