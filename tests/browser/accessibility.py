"""axe-core on a page: what people who cannot see, or use a mouse, would stumble over. https://github.com/dequelabs/axe-core"""

from __future__ import annotations

from selenium.webdriver import Chrome

from tests.support.running_servers import ROOT

_SOURCE = ROOT / "webclient" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """
    const done = arguments[arguments.length - 1];
    // Colours on their way from one to another have a contrast that nobody sees.
    const settled = () => Promise.all(
        document.getAnimations().filter((each) => each instanceof CSSTransition).map(({ finished }) => finished));
    settled().catch(() => {}).then(settled).catch(() => {}).then(
        () => axe.run(document, { resultTypes: ["violations"] })).then(
        ({ violations }) => done(violations.map(({ id, impact, nodes }) =>
            `${id} (${impact}): ${nodes.map(({ html }) => html.slice(0, 160)).slice(0, 4).join(" | ")}`)),
        (error) => done([String(error)]),
    );
"""


def barriers_on(browser: Chrome) -> list[str]:
    """What axe finds on the page as it is now: the rule, how grave it is, and some of the elements."""
    if not browser.execute_script("return typeof axe === 'object'"):
        browser.execute_script(_SOURCE.read_text())
    found: list[str] = browser.execute_async_script(_RUN)
    return found
