"""The section `policies`."""

from __future__ import annotations

import unittest
from typing import Any

from homeserver.config.findings import Findings
from homeserver.config.policies import PolicyConfig, policies_from
from homeserver.config.section import Section


def read(policies: Any) -> tuple[tuple[PolicyConfig, ...], list[str]]:
    """(what was understood, problems)."""
    findings = Findings()
    top = Section({"policies": policies}, findings)
    return policies_from(top), findings.problems


class PolicyTest(unittest.TestCase):
    """Documents to accept."""

    def test_a_document_has_languages(self) -> None:
        """Each with a name and an address."""
        languages = {"en": {"name": "Terms", "url": "https://a.example/"}}

        (policy,), problems = read([{"id": "terms", "version": "1", "languages": languages}])

        self.assertEqual(problems, [])
        self.assertEqual((policy.policy_id, policy.version), ("terms", "1"))
        self.assertEqual(policy.translations["en"].url, "https://a.example/")

    def test_each_mistake_is_named(self) -> None:
        """With the place where it stands."""
        english = {"en": {"name": "Terms", "url": "https://a.example/"}}
        mistakes: tuple[tuple[list[dict[str, Any]], str], ...] = (
            ([{"version": "1", "languages": english}], "policies[0].id"),
            ([{"id": "terms", "version": 1.2, "languages": english}], "policies[0].version"),
            ([{"id": "a b", "version": "1", "languages": english}], "policies[0].id"),
            ([{"id": "terms", "version": "1"}], "policies[0].languages"),
            ([{"id": "terms", "version": "1", "languages": {"en": {"name": "x"}}}], "policies[0].languages.en.url"),
            ([{"id": "terms", "version": "1", "languages": english, "more": 1}], "policies[0].more"),
            ([{"id": "terms", "version": "1", "languages": english}] * 2, "policies: found 'terms' twice"),
        )
        for policies, place in mistakes:
            with self.subTest(place):
                self.assertIn(place, "\n".join(read(policies)[1]))
