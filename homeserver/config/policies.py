"""Documents that people accept when they register: terms of service, a privacy policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from homeserver.config.kinds import TEXT, WEB_ADDRESS
from homeserver.config.section import Section
from homeserver.protocol.ids import is_valid_opaque_id


@dataclass(frozen=True, slots=True)
class Translation:
    """A document in one language."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """A document. `translations`: by language code, such as `en`; never empty."""

    policy_id: str
    version: str
    translations: Mapping[str, Translation]


def policies_from(top: Section) -> tuple[PolicyConfig, ...]:
    """All of them, in their order."""
    policies = [_policy(section) for section in top.sections("policies")]
    ids = [policy.policy_id for policy in policies]
    for policy_id in {one for one in ids if ids.count(one) > 1}:
        top.findings.note_wrong("policies", f"{policy_id!r} twice", "one policy of each id")
    return tuple(policies)


def _policy(section: Section) -> PolicyConfig:
    policy_id = _opaque(section, "id")
    version = _opaque(section, "version")
    languages = section.section("languages")
    translations = {language: _translation(languages.section(language)) for language in languages.names()}
    if not translations:
        section.findings.note_missing(section.path("languages"), "a section for each language, such as en: {name, url}")
    section.finish()
    return PolicyConfig(policy_id, version, MappingProxyType(translations))


def _translation(section: Section) -> Translation:
    translation = Translation(section.require("name", TEXT, ""), section.require("url", WEB_ADDRESS, ""))
    section.finish()
    return translation


def _opaque(section: Section, key: str) -> str:
    """An id or a version, in quotes where YAML would take it for a number."""
    text = section.require(key, TEXT, "-")
    if not is_valid_opaque_id(text):
        section.findings.note_wrong(section.path(key), repr(text), "letters, digits and . _ ~ - in quotes")
    return text
