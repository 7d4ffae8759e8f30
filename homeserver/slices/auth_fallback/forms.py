"""What the page of each stage shows, and how its form becomes what a client would send."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Params = Mapping[str, Any]
Fields = Callable[[str], Sequence[str]]
"""A field's name to its values in the form that was sent."""

_CAPTCHA_SOURCES = (
    "https://www.recaptcha.net/recaptcha/ https://www.gstatic.com/recaptcha/ https://www.gstatic.cn/recaptcha/"
)


class NotFilledIn(Exception):
    """The form lacks something; the text says what."""


@dataclass(frozen=True, slots=True)
class Form:
    """A stage's page. `values`: (the stage's params, language codes) to what the template shows. `read`: what was
    sent, to the `auth` of a client, without type and session; raises `NotFilledIn`. `policy`: of the page's
    Content-Security-Policy."""

    template: str
    title: str
    values: Callable[[Params, Sequence[str]], dict[str, Any]]
    read: Callable[[Params, Fields], dict[str, Any]]
    policy: Mapping[str, str] = field(default_factory=dict)


def _terms_values(params: Params, languages: Sequence[str]) -> dict[str, Any]:
    policies = []
    for policy_id, policy in params["policies"].items():
        translations = {code: one for code, one in policy.items() if code != "version"}
        best = next((code for code in (*languages, "en") if code in translations), next(iter(translations)))
        policies.append({"id": policy_id, **translations[best]})
    return {"policies": policies}


def _read_terms(params: Params, fields: Fields) -> dict[str, Any]:
    if not set(params["policies"]) <= set(fields("accepted")):
        raise NotFilledIn("Registering needs your consent to each of them.")
    return {}


def _read_token(params: Params, fields: Fields) -> dict[str, Any]:
    return {"token": "".join(fields("token")[:1]).strip()}


def _captcha_values(params: Params, languages: Sequence[str]) -> dict[str, Any]:
    return {"public_key": params["public_key"]}


def _read_captcha(params: Params, fields: Fields) -> dict[str, Any]:
    response = "".join(fields("g-recaptcha-response")[:1])
    if not response:
        raise NotFilledIn("Solve the captcha first.")
    return {"response": response}


#: By type of stage.
FORMS: Mapping[str, Form] = {
    "m.login.terms": Form("terms.html", "Terms", _terms_values, _read_terms),
    "m.login.registration_token": Form("token.html", "Registration token", lambda params, languages: {}, _read_token),
    "m.login.recaptcha": Form(
        "captcha.html",
        "Are you a person?",
        _captcha_values,
        _read_captcha,
        {
            "script-src": _CAPTCHA_SOURCES,
            "frame-src": "https://www.recaptcha.net/recaptcha/ https://recaptcha.net/recaptcha/",
            "connect-src": "https://www.recaptcha.net/recaptcha/",
            "img-src": "https://www.gstatic.com/recaptcha/",
            # The captcha writes styles of its own into the page.
            "style-src": "'unsafe-inline'",
        },
    ),
}


def languages_of(accept_language: str) -> list[str]:
    """Language codes by preference, the regional ones followed by the plain ones: `de-AT` is `de-AT`, `de_AT`, `de`."""
    ranked: list[tuple[float, str]] = []
    for part in accept_language.split(",")[:20]:
        code, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((float(weight or 1), code.strip()))
        except ValueError:
            continue
    found: list[str] = []
    for _, code in sorted(ranked, key=lambda each: -each[0]):
        found += [code, code.replace("-", "_"), code.partition("-")[0]]
    return list(dict.fromkeys(found))
