"""A browser's page: what can be seen on it, and the clicks and keys it is given.

What is to be seen is waited for, up to a bound, by looking at the page again and again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

T = TypeVar("T")

_PATIENCE_S = 90.0
_LOOK_EVERY_S = 0.05
_VALUES = """
    const [selector, property] = arguments;
    return [...document.querySelectorAll(selector)].map((element) => element[property] ?? element.dataset[property]);
"""


class Page:
    """The page in `browser`, which belongs to somebody of that name. Elements go by their `data-testid`."""

    def __init__(self, browser: Chrome, owner: str) -> None:
        self.browser = browser
        self._owner = owner

    def find(self, test_id: str) -> WebElement:
        """The first visible element, as soon as there is one."""

        def visible() -> WebElement | None:
            found = self.browser.find_elements(By.CSS_SELECTOR, _selector(test_id))
            return next((element for element in found if element.is_displayed()), None)

        return self.wait_for(visible, lambda: f"to see {test_id}")

    def values(self, test_id: str, name: str) -> list[str]:
        """A property of each element, or what its attribute `data-name` holds."""
        found: list[str] = self.browser.execute_script(_VALUES, _selector(test_id), name)
        return found

    def texts(self, test_id: str) -> list[str]:
        """The text of each element."""
        return self.values(test_id, "innerText")

    def wait_for(self, look: Callable[[], T | None], what: Callable[[], str]) -> T:
        """Look until it answers something true; raises `AssertionError` with `what` at the end of patience."""
        wait = WebDriverWait(self.browser, _PATIENCE_S, _LOOK_EVERY_S, [StaleElementReferenceException])
        try:
            return wait.until(lambda _: look() or False)
        except TimeoutException:
            raise AssertionError(f"{self._owner} waited in vain {what()}") from None

    def wait_for_text(self, test_id: str, text: str) -> None:
        """Until one of the elements has this text in it."""
        self.wait_for(
            lambda: any(text in each for each in self.texts(test_id)),
            lambda: f"for {text!r} in {test_id}, where there is {self.texts(test_id)}",
        )

    def wait_for_texts(self, test_id: str) -> list[str]:
        """The text of each element, as soon as there are some."""
        return self.wait_for(lambda: self.texts(test_id), lambda: f"for any {test_id}")

    def wait_for_values(self, test_id: str, name: str, values: list[str]) -> None:
        """Until a property of the elements, or what `data-name` holds, is this."""
        self.wait_for(
            lambda: self.values(test_id, name) == values,
            lambda: f"for {values} as {name} of {test_id}, where there is {self.values(test_id, name)}",
        )

    def wait_for_nothing(self, test_id: str) -> None:
        """Until there is no such element, or none with any text in it."""
        self.wait_for(lambda: not any(self.texts(test_id)), lambda: f"for nothing in {test_id}: {self.texts(test_id)}")

    def click(self, test_id: str) -> None:
        """Click an element as soon as it is visible."""
        self.find(test_id).click()

    def click_in(self, test_id: str, name: str, value: str, inner: str) -> None:
        """Click an element within the one whose attribute `data-name` has that value."""

        def inner_element() -> WebElement | None:
            for outer in self.browser.find_elements(By.CSS_SELECTOR, _selector(test_id)):
                if outer.get_property("dataset")[name] == value:  # type: ignore[index]
                    found: WebElement = outer.find_element(By.CSS_SELECTOR, _selector(inner))
                    return found
            return None

        self.wait_for(inner_element, lambda: f"to see {inner} in the {test_id} of {value}").click()

    def fill(self, test_id: str, text: str) -> None:
        """Type into a field, in place of what is there."""
        field = self.find(test_id)
        field.clear()
        field.send_keys(text)

    def take_picture(self, name: str) -> None:
        """A screenshot NAME-OWNER.png in the folder HEARTH_SCREENSHOTS, if that is set."""
        folder = os.environ.get("HEARTH_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.browser.save_screenshot(str(Path(folder) / f"{name}-{self._owner}.png"))


def _selector(test_id: str) -> str:
    return f'[data-testid="{test_id}"]'
