"""The pages of stages, as a browser is given them."""

from __future__ import annotations

import http.client
import re
import unittest
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from homeserver.slices.auth_fallback.forms import languages_of
from tests.support.administrators import new_administrator
from tests.support.api_client import PATIENCE_S
from tests.support.databases import on_postgres
from tests.support.homeserver import PASSWORD, HomeserverCase
from tests.support.peer_server import Exchange, PeerServer

TERMS, TOKEN, CAPTCHA = "m.login.terms", "m.login.registration_token", "m.login.recaptcha"
POLICIES = [
    {
        "id": "terms",
        "version": "1.2",
        "languages": {
            "en": {"name": "Terms of Service", "url": "https://here.example/terms-en"},
            "fr": {"name": "Conditions d'utilisation", "url": "https://here.example/terms-fr"},
        },
    },
    {"id": "privacy", "version": "3", "languages": {"en": {"name": "Privacy <now>", "url": "https://here.example/p"}}},
]


class FallbackTest(HomeserverCase):
    """A server that asks for a captcha, a token and consent, and a captcha's server."""

    captcha_server: PeerServer
    captcha_answer: bytes
    token: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.captcha_server = PeerServer(lambda exchange: cls.reply(exchange))
        cls.addClassCleanup(cls.captcha_server.close)
        cls.settings = {
            "enable_registration_without_verification": False,
            "registration_requires_token": True,
            "enable_registration_captcha": True,
            "recaptcha_public_key": "public",
            "recaptcha_private_key": "private",
            "recaptcha_siteverify_api": f"http://127.0.0.1:{cls.captcha_server.port}/verify",
            "policies": POLICIES,
        }
        super().setUpClass()
        admin = new_administrator(cls.server)
        cls.token = admin.post("/_synapse/admin/v1/registration_tokens/new")["token"]

    @classmethod
    def reply(cls, exchange: Exchange) -> None:
        """What the test wants answered."""
        exchange.reply(200, cls.captcha_answer)

    def setUp(self) -> None:
        """Anew for each test."""
        type(self).captcha_answer = b'{"success": true}'
        self.captcha_server.received.clear()
        self.body = {"username": f"user-{self.id().rpartition('.')[2].replace('_', '-')}"[:60], "password": PASSWORD}
        asked = self.server.request("POST", "/register", self.body)
        self.flows, self.params, self.session = (asked.json[key] for key in ("flows", "params", "session"))

    def page(self, stage: str, form: dict[str, Any] | None = None, session: str = "", language: str = "") -> Any:
        """(status, text, Content-Security-Policy) of a stage's page, or of its form being sent."""
        target = f"/_matrix/client/v3/auth/{stage}/fallback/web?session={quote(session or self.session)}"
        headers = {"Accept-Language": language}
        connection = http.client.HTTPConnection(urlsplit(self.server.url).netloc, timeout=PATIENCE_S)
        try:
            if form is None:
                connection.request("GET", target, headers=headers)
            else:
                kind = {"Content-Type": "application/x-www-form-urlencoded"}
                connection.request("POST", target, urlencode(form, doseq=True), {**kind, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.getheader("Content-Security-Policy")
        finally:
            connection.close()

    def poll(self) -> Any:
        """The client asks again, with the session alone."""
        return self.server.request("POST", "/register", {"auth": {"session": self.session}})

    def send(self, stage: str, **auth: Any) -> Any:
        """The client does a stage itself."""
        auth = {"type": stage, "session": self.session, **auth}
        return self.server.request("POST", "/register", {**self.body, "auth": auth})

    def test_clients_are_told_what_is_asked(self) -> None:
        """All stages in one flow, the captcha's public key, and the documents in all languages."""
        self.assertEqual(self.flows, [{"stages": [CAPTCHA, TOKEN, TERMS]}])
        self.assertEqual(self.params[CAPTCHA], {"public_key": "public"})
        terms = self.params[TERMS]["policies"]["terms"]
        self.assertEqual((terms["version"], terms["fr"]), ("1.2", POLICIES[0]["languages"]["fr"]))  # type: ignore[index]

    def test_one_registers_with_the_pages_alone(self) -> None:
        """The client polls, and is told what is completed, until all is."""
        self.page(CAPTCHA, {"g-recaptcha-response": "solved"})
        self.assertEqual((self.poll().status, self.poll().json["completed"]), (401, [CAPTCHA]))
        self.page(TOKEN, {"token": f" {self.token} "})
        self.assertEqual(self.poll().json["completed"], [CAPTCHA, TOKEN])
        status, text, policy = self.page(TERMS, {"accepted": ["terms", "privacy"]})

        self.assertEqual(status, 200)
        self.assertIn('window.opener.postMessage("authDone", "*")', text)
        self.assertIn("window.onAuthDone()", text)
        self.assertRegex(policy, r"script-src 'sha256-[A-Za-z0-9+/=]+'")
        self.assertEqual(self.poll().ok()["user_id"], f"@{self.body['username']}:{self.server.name}")

    def test_one_registers_without_the_pages(self) -> None:
        """By what the client sends."""
        self.assertEqual(self.send(CAPTCHA, response="solved").status, 401)
        self.assertEqual(self.send(TOKEN, token=self.token).status, 401)

        self.send(TERMS).ok()

        (asked,) = self.captcha_server.received
        fields = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        self.assertEqual(fields, {"secret": "private", "response": "solved", "remoteip": "127.0.0.1"})

    def test_a_captcha_that_was_not_solved_goes_no_further(self) -> None:
        """401 with a reason for clients, the page again for people."""
        self.assertEqual(self.send(CAPTCHA).error, (401, "M_CAPTCHA_NEEDED"))
        for answer in (b'{"success": false}', b'{"success": "true"}', b"[]", b"{}"):
            type(self).captcha_answer = answer
            self.assertEqual(self.send(CAPTCHA, response="guess").error, (401, "M_CAPTCHA_INVALID"))
            self.assertIn("The captcha was not solved", self.page(CAPTCHA, {"g-recaptcha-response": "guess"})[1])
        self.assertIn("Solve the captcha first", self.page(CAPTCHA, {})[1])
        self.assertEqual(self.poll().json["completed"], [])

    def test_a_captcha_server_that_fails_is_told(self) -> None:
        """502 for clients, words for people; it is nobody's way in."""
        type(self).captcha_answer = b"nonsense"

        self.assertEqual(self.send(CAPTCHA, response="solved").error, (502, "M_UNKNOWN"))
        self.assertIn("Try again later", self.page(CAPTCHA, {"g-recaptcha-response": "solved"})[1])
        self.assertEqual(self.poll().json["completed"], [])

    def test_the_captchas_page_loads_from_the_captchas_servers_alone(self) -> None:
        """Its script, its frame."""
        _, text, policy = self.page(CAPTCHA)

        self.assertIn('data-sitekey="public"', text)
        sources = re.findall(r"https://[^ ;/]+", policy)
        allowed = {"https://www.recaptcha", "https://recaptcha", "https://www.gstatic"}
        self.assertLessEqual({one.rpartition(".")[0] for one in sources}, allowed)
        self.assertTrue(policy.startswith("default-src 'none'"))

    def test_a_token_that_is_not_valid_goes_no_further(self) -> None:
        """The page again, and why."""
        for token in ("made-up", "", "x" * 70):
            status, text, _ = self.page(TOKEN, {"token": token})
            self.assertEqual(status, 200)
            self.assertIn("The registration token is not valid", text)
        self.assertEqual(self.poll().json["completed"], [])

    def test_terms_are_accepted_one_by_one(self) -> None:
        """All of them, or the page says so."""
        for accepted in ([], ["terms"], ["terms", "another"]):
            self.assertIn("needs your consent", self.page(TERMS, {"accepted": accepted})[1])
        self.assertEqual(self.poll().json["completed"], [])

    def test_terms_are_shown_in_the_readers_language(self) -> None:
        """Where they are there in it; and what is not HTML is no HTML."""
        english = self.page(TERMS)[1]
        french = self.page(TERMS, language="fr-CA,en;q=0.5")[1]

        self.assertIn("https://here.example/terms-en", english)
        self.assertIn("https://here.example/terms-fr", french)
        self.assertIn("Conditions d&#39;utilisation", french)
        self.assertIn("Privacy &lt;now&gt;", french)

    def test_the_pages_run_no_scripts_but_their_own(self) -> None:
        """A strict policy on those that need none."""
        for stage in (TERMS, TOKEN):
            status, text, policy = self.page(stage)
            self.assertEqual(status, 200)
            self.assertNotIn("<script", text)
            self.assertNotIn("script-src", policy)
            self.assertNotIn("unsafe", policy)
            self.assertTrue(policy.startswith("default-src 'none'"))

    def test_a_completed_stage_says_so(self) -> None:
        """Also when its page is opened once more."""
        self.page(TERMS, {"accepted": ["terms", "privacy"]})

        self.assertIn("authDone", self.page(TERMS)[1])

    def test_there_is_no_page_for_a_session_or_a_stage_that_is_not(self) -> None:
        """404."""
        for form in (None, {"accepted": ["terms", "privacy"]}):
            self.assertEqual(self.page(TERMS, form, session="made-up")[0], 404)
            self.assertEqual(self.page("m.login.unheard_of", form)[0], 404)
            self.assertEqual(self.page("m.login.password", form)[0], 404)

    def test_what_a_session_is_called_does_no_harm(self) -> None:
        """It is escaped."""
        text = self.page(TERMS, {}, session='"><script>alert(1)</script>')[1]

        self.assertNotIn("<script>", text)


class CaptchaNotAskedTest(HomeserverCase):
    """A server that knows a captcha and asks for none."""

    settings = {"recaptcha_public_key": "public", "recaptcha_private_key": "private"}  # noqa: RUF012

    def test_no_captcha_is_asked_for(self) -> None:
        """The dummy stage is enough."""
        asked = self.server.request("POST", "/register", {"username": "alice", "password": PASSWORD}).json

        self.assertEqual((asked["flows"], asked["params"]), ([{"stages": ["m.login.dummy"]}], {}))


class LanguageTest(unittest.TestCase):
    """`Accept-Language`."""

    def test_languages_come_in_the_readers_order(self) -> None:
        """Each followed by its plainer forms; nonsense is passed over."""
        self.assertEqual(languages_of("de;q=0.5, en-GB, x;q=lots"), ["en-GB", "en_GB", "en", "de"])
        self.assertEqual(languages_of(""), [""])


FallbackTestOnPostgres = on_postgres(FallbackTest)
