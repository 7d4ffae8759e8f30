"""Registering with an e-mail address, as people see it."""

from __future__ import annotations

from typing import Any

from tests.slices.threepids.email_case import EMAIL_STAGE, EmailCase, browse, follow
from tests.support.api_client import Answer, User
from tests.support.databases import on_postgres
from tests.support.homeserver import PASSWORD
from tests.support.mail_server import html_of, link_in, text_of

REGISTER = "register"


class EmailRegistrationTest(EmailCase):
    """A server where one registers with an address."""

    extra = {"enable_registration_without_verification": False, "registrations_require_3pid": ["email"]}  # noqa: RUF012

    def register(self, name: str, credentials: dict[str, str], session: str | None = None) -> Answer:
        """One attempt, however it is answered."""
        auth: dict[str, Any] = {"type": EMAIL_STAGE, "threepid_creds": credentials}
        if session is not None:
            auth["session"] = session
        return self.server.request("POST", "/register", {"username": name, "password": PASSWORD, "auth": auth})

    def test_who_has_followed_the_link_registers(self) -> None:
        """Not before; then with the address in the account, by which one logs in."""
        address = self.new_address()
        asked = self.server.request("POST", "/register", {"username": "anna", "password": PASSWORD})
        self.assertEqual(asked.json["flows"], [{"stages": [EMAIL_STAGE]}])
        session = asked.json["session"]
        credentials = {"sid": self.request_token(REGISTER, address), "client_secret": "s3cret"}
        self.assertEqual(self.register("anna", credentials, session).error, (401, "M_UNAUTHORIZED"))
        mail = self.mail.get_mail(address)
        self.assertIn(self.server.name, text_of(mail))
        self.assertIn("Confirm the address", html_of(mail))

        page = follow(link_in(mail))

        self.assertEqual(page.status, 200)
        user = User(self.server.url, self.register("anna", credentials, session).ok())
        (threepid,) = user.get("/account/3pid")["threepids"]
        self.assertEqual((threepid["medium"], threepid["address"]), ("email", address))
        self.assertGreater(threepid["validated_at"], 1_600_000_000_000)
        identifier = {"type": "m.id.thirdparty", "medium": "email", "address": address.upper()}
        login = {"type": "m.login.password", "identifier": identifier, "password": PASSWORD}
        self.assertEqual(self.server.post("/login", login)["user_id"], user.user_id)

    def test_an_address_registers_one_account(self) -> None:
        """Who asks with an address in use is answered as always, and the mail says why there is no link."""
        address = self.new_address()
        self.register("bert", self.validated(REGISTER, address)).ok()

        self.assertTrue(self.request_token(REGISTER, address, "another"))

        refusal = text_of(self.mail.get_mail(address, 2))
        self.assertIn("has this address already", refusal)
        self.assertNotIn("http", refusal)

    def test_two_who_validate_the_same_address_do_not_both_get_it(self) -> None:
        """The second is told at the stage."""
        address = self.new_address()
        first, second = self.validated(REGISTER, address), self.validated(REGISTER, address)
        self.register("carl", first).ok()

        self.assertEqual(self.register("cora", second).error, (401, "M_THREEPID_IN_USE"))

    def test_a_validation_registers_once(self) -> None:
        """Also after the account has given the address away again."""
        credentials = self.validated(REGISTER, self.new_address())
        user = User(self.server.url, self.register("dora", credentials).ok())
        (threepid,) = user.get("/account/3pid")["threepids"]
        user.post("/account/3pid/delete", {"medium": "email", "address": threepid["address"]})

        self.assertEqual(self.register("dirk", credentials).error, (401, "M_THREEPID_AUTH_FAILED"))

    def test_credentials_that_are_not_right_are_refused(self) -> None:
        """Another's secret, a session that was made up, and such as are no credentials."""
        credentials = self.validated(REGISTER, self.new_address())
        failed = (401, "M_THREEPID_AUTH_FAILED")

        self.assertEqual(self.register("emil", {**credentials, "client_secret": "guess"}).error, failed)
        self.assertEqual(self.register("emil", {**credentials, "sid": "made-up"}).error, failed)
        self.assertEqual(self.register("emil", {**credentials, "sid": "nul\0l"}).error, failed)
        self.assertEqual(self.register("emil", {"sid": credentials["sid"]}).error, (401, "M_MISSING_PARAM"))
        self.register("emil", credentials).ok()

    def test_a_mail_is_sent_once_for_an_attempt(self) -> None:
        """The same answer for a repetition; a further attempt gets a further mail, whose link replaces the first."""
        address = self.new_address()
        sid = self.request_token(REGISTER, address)

        self.assertEqual(self.request_token(REGISTER, address), sid)
        self.assertEqual(self.request_token(REGISTER, address, attempt=2), sid)

        self.assertEqual(len(self.mail.mails_to(address)), 2)
        old, new = (link_in(mail) for mail in self.mail.mails_to(address))
        self.assertEqual(browse(old).status, 400)
        self.assertEqual(follow(new).status, 200)

    def test_another_secret_is_another_session(self) -> None:
        """With a mail of its own."""
        address = self.new_address()

        self.assertNotEqual(self.request_token(REGISTER, address, "a"), self.request_token(REGISTER, address, "b"))
        self.assertEqual(len(self.mail.mails_to(address)), 2)

    def test_the_page_runs_nothing_and_loads_nothing(self) -> None:
        """A strict Content-Security-Policy, and nothing is kept or told."""
        address = self.new_address()
        self.request_token(REGISTER, address)

        headers = browse(link_in(self.mail.get_mail(address))).headers

        policy = dict(each.split(" ", 1) for each in headers["Content-Security-Policy"].split("; "))
        self.assertEqual(policy["default-src"], "'none'")
        self.assertNotIn("script-src", policy)
        self.assertNotIn("unsafe", headers["Content-Security-Policy"])
        self.assertEqual((headers["Referrer-Policy"], headers["Cache-Control"]), ("no-referrer", "no-store"))

    def test_a_link_that_was_made_up_says_so(self) -> None:
        """400, a page."""
        address = self.new_address()
        self.request_token(REGISTER, address)
        link = link_in(self.mail.get_mail(address))

        for wrong in (link + "x", link.partition("?")[0], link.replace("sid=", "sid=x")):
            with self.subTest(wrong):
                self.assertEqual(browse(wrong).status, 400)
        self.assertEqual(browse(link.partition("?")[0], {"sid": "a", "token": "b"}).status, 400)

    def test_the_next_page_is_the_one_that_was_asked_for(self) -> None:
        """A redirection once it is confirmed."""
        address, goal = self.new_address(), "https://app.example/welcome?a=1&b=2"
        self.request_token(REGISTER, address, next_link=goal)

        done = follow(link_in(self.mail.get_mail(address)))

        self.assertEqual((done.status, done.headers["Location"]), (303, goal))

    def test_bad_requests_are_told_apart(self) -> None:
        """And send nothing."""
        address = self.new_address()
        good = {"email": address, "client_secret": "s3cret", "send_attempt": 1}
        wrong: tuple[tuple[dict[str, Any], str], ...] = (
            ({"email": "nobody"}, "M_INVALID_PARAM"),
            ({"email": "a@b\r\nBcc: c@d"}, "M_INVALID_PARAM"),
            ({"email": "a b@example.org"}, "M_INVALID_PARAM"),
            ({"email": None}, "M_MISSING_PARAM"),
            ({"email": 7}, "M_BAD_JSON"),
            ({"client_secret": ""}, "M_INVALID_PARAM"),
            ({"client_secret": "a/b"}, "M_INVALID_PARAM"),
            ({"client_secret": "x" * 256}, "M_INVALID_PARAM"),
            ({"send_attempt": "1"}, "M_BAD_JSON"),
            ({"send_attempt": None}, "M_MISSING_PARAM"),
            ({"next_link": "javascript:alert(1)"}, "M_INVALID_PARAM"),
            ({"next_link": "https://user@evil.example/"}, "M_INVALID_PARAM"),
            ({"next_link": "https://a.example;script-src *"}, "M_INVALID_PARAM"),
        )
        for change, errcode in wrong:
            with self.subTest(change):
                body = {**good, **change}
                self.assertEqual(self.server.refusal("POST", "/register/email/requestToken", body), (400, errcode))
        self.assertEqual(self.mail.mails_to(address), [])


class OptionalEmailTest(EmailCase):
    """A server where one may register with an address, or without."""

    def test_both_ways_are_offered(self) -> None:
        """The dummy stage, or the address, which is then in the account."""
        body: dict[str, Any] = {"username": "gina", "password": PASSWORD}
        asked = self.server.request("POST", "/register", body).json
        self.assertEqual(asked["flows"], [{"stages": ["m.login.dummy"]}, {"stages": [EMAIL_STAGE]}])
        address = self.new_address()
        credentials = self.validated(REGISTER, address)

        auth = {"type": EMAIL_STAGE, "threepid_creds": credentials, "session": asked["session"]}
        user = User(self.server.url, self.server.post("/register", {**body, "auth": auth}))

        self.assertEqual([one["address"] for one in user.get("/account/3pid")["threepids"]], [address])
        self.server.register("hugo")


class TroubleTest(EmailCase):
    """A mail server with moods, and a limit."""

    extra = {"rc_3pid_validation": {"per_second": 0.0001, "burst_count": 4}}  # noqa: RUF012

    def test_a_mail_that_could_not_be_sent_can_be_asked_for_again(self) -> None:
        """500; the same attempt sends it later. After a few mails to one address there are no more."""
        address = self.new_address()
        body = {"email": address, "client_secret": "s3cret", "send_attempt": 1}
        self.mail.refused = (address,)
        self.assertEqual(self.server.refusal("POST", "/register/email/requestToken", body), (500, "M_UNKNOWN"))
        self.mail.refused = ()

        self.server.post("/register/email/requestToken", body)

        self.assertEqual(len(self.mail.mails_to(address)), 1)
        answers = [
            self.server.request("POST", "/register/email/requestToken", {**body, "send_attempt": attempt}).status
            for attempt in (2, 3, 4)
        ]
        self.assertEqual(answers, [200, 200, 429])


EmailRegistrationTestOnPostgres = on_postgres(EmailRegistrationTest)
