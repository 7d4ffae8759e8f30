"""The few pages that this server shows to people in a browser, under a strict Content-Security-Policy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from homeserver.http.response import Response, html_response

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 24px; display: flex; justify-content: center; background: #f4f5f7; color: #1d2330; }
main { width: 100%; max-width: 440px; padding: 24px 32px; border-radius: 8px; background: #fff; }
h1 { margin: 0 0 16px; font-size: 22px; }
a { color: #1f5fbf; }
label { display: block; margin: 12px 0; }
input[type=text], input[type=password] { box-sizing: border-box; width: 100%; padding: 10px; font: inherit; }
button { margin-top: 12px; padding: 10px 20px; border: 0; border-radius: 6px; background: #1f5fbf; color: #fff;
  font: inherit; cursor: pointer; }
.error { padding: 8px 12px; border-radius: 6px; background: #fde8e8; color: #8c1c1c; }
@media (prefers-color-scheme: dark) {
  body { background: #14171d; color: #e4e7ec; }
  main { background: #1f242d; }
  a { color: #8ab4ff; }
}
"""


def csp_hash(text: str) -> str:
    """The source expression that allows exactly this inline style or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_POLICY = {
    "default-src": "'none'",
    "style-src": csp_hash(_STYLE),
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}


class Pages:
    """Pages from the folder `templates` of a package; they extend `layout.html` and are given a `title`."""

    def __init__(self, package: str) -> None:
        self._environment = Environment(
            loader=ChoiceLoader([PackageLoader(package), PackageLoader("homeserver.http")]),
            autoescape=True,
            undefined=StrictUndefined,
        )

    def response(
        self, template: str, status: int = 200, policy: Mapping[str, str] | None = None, **values: Any
    ) -> Response:
        """A page. `policy`: directives that replace the usual ones, or come to them."""
        text = self._environment.get_template(template).render(style=_STYLE, **values)
        csp = "; ".join(f"{name} {sources}" for name, sources in {**_POLICY, **(policy or {})}.items())
        return html_response(status, text, csp)
