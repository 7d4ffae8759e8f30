"""How Sphinx builds these pages: see docs/build."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(_ROOT))

from homeserver import __version__  # noqa: E402 - from the checkout beside this

project = "Hearth"
release = version = __version__
author = "The Hearth developers"
extensions = ["myst_parser"]
if os.environ.get("HEARTH_DOCS_API"):
    extensions += ["sphinx.ext.autodoc"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", ".venv", "decisions/0000-template.md"]
if "sphinx.ext.autodoc" not in extensions:
    exclude_patterns += ["api/*"]
html_theme = "alabaster"
html_theme_options = {"page_width": "1100px", "sidebar_width": "280px"}
# Headings of tables are linked to from elsewhere.
myst_heading_anchors = 4
# Pages link to files of the repository, too: README.md, roles, scripts.
suppress_warnings = ["myst.xref_missing", "misc.highlighting_failure", "toc.excluded"]
autodoc_default_options = {"members": True, "show-inheritance": True, "member-order": "bysource"}
autodoc_typehints = "signature"
autodoc_class_signature = "separated"
nitpicky = False

_CODE = re.compile(r"``.+?``|`[^`\n]+`")
_SPECIAL = re.compile(r"([*|\\])|(?<=\w)(_)(?=\W|$)")


def as_rst(lines: list[str]) -> list[str]:
    """A docstring as these are written (Markdown's backticks, indented examples) in the markup that autodoc reads."""
    found: list[str] = []
    is_example = False
    for line in lines:
        is_indented = line.startswith("    ") and line.strip() != ""
        if is_indented and not is_example and (not found or found[-1] == ""):
            found += ["::", ""]
            is_example = True
        elif line.strip() and not is_indented:
            if is_example and found[-1] != "":
                found.append("")
            is_example = False
        found.append(line if is_example else _plain(line))
    return found


def _plain(line: str) -> str:
    pieces, end = [], 0
    for code in _CODE.finditer(line):
        pieces += [_SPECIAL.sub(r"\\\1\2", line[end : code.start()]), f"``{code[0].strip('`')}``"]
        end = code.end()
        # Markup has to be followed by something that is no part of a word.
        if line[end : end + 1].isalnum():
            pieces.append("\\ ")
    return "".join([*pieces, _SPECIAL.sub(r"\\\1\2", line[end:])])


def _translate(_app: Any, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    lines[:] = as_rst(lines)


def setup(app: Any) -> None:
    """Called by Sphinx."""
    if "sphinx.ext.autodoc" in extensions:
        app.connect("autodoc-process-docstring", _translate)
