"""Addresses of accounts: adding, deleting, and a new password by mail."""

from __future__ import annotations

from typing import Any

from tests.slices.threepids.email_case import EMAIL_STAGE, EmailCase, browse
from tests.support.administrators import new_administrator
from tests.support.api_client import Answer, Client, User
from tests.support.databases import on_postgres
from tests.support.homeserver import PASSWORD, HomeserverCase
from tests.support.mail_server import link_in, text_of

NEW_PASSWORD = "a new one, and a longer one"
ADD = "account/3pid"
RESET = "account/password"
UNKNOWN_TOKEN = (401, "M_UNKNOWN_TOKEN")


class AddressTest(EmailCase):
    """Alice, who has an account."""

    def setUp(self) -> None:
        """Anew for each test."""
        self.alice = self.new_user("alice")

    def addresses(self, user: User) -> list[str]:
        """Those of an account."""
        return [one["address"] for one in user.get("/account/3pid")["threepids"]]

    def reset(self, credentials: dict[str, str], **body: Any) -> Answer:
        """Set a new password with a confirmed address."""
        asked = self.server.request("POST", "/account/password", {"new_password": NEW_PASSWORD, **body})
        self.assertIn({"stages": [EMAIL_STAGE]}, asked.json["flows"])
        auth = {"type": EMAIL_STAGE, "threepid_creds": credentials, "session": asked.json["session"]}
        return self.server.request("POST", "/account/password", {"new_password": NEW_PASSWORD, **body, "auth": auth})

    def test_an_address_is_added_once_it_is_confirmed_and_the_password_shown(self) -> None:
        """Not before."""
        address = self.new_address()
        unconfirmed = {"sid": self.request_token(ADD, address), "client_secret": "s3cret"}
        self.assertEqual(self.alice.refusal("POST", "/account/3pid/add", unconfirmed), (400, "M_UNAUTHORIZED"))
        credentials = self.validated(ADD, address)
        self.assertEqual(self.alice.request("POST", "/account/3pid/add", credentials).status, 401)
        self.assertEqual(self.addresses(self.alice), [])

        self.with_password(self.alice, "/account/3pid/add", credentials)

        self.assertEqual(self.addresses(self.alice), [address])

    def test_an_address_belongs_to_one_account(self) -> None:
        """The mail to who asks for it again says so, and who confirmed it before is refused."""
        bob, address = self.new_user("bob"), self.new_address()
        first, second = self.validated(ADD, address), self.validated(ADD, address)
        self.with_password(self.alice, "/account/3pid/add", first)

        with self.assertRaisesRegex(AssertionError, "M_THREEPID_IN_USE"):
            self.with_password(bob, "/account/3pid/add", second)
        self.request_token(ADD, address, "third")
        self.assertIn("has this address already", text_of(self.mail.get_mail(address, 3)))

    def test_a_deleted_address_is_free(self) -> None:
        """No identity server knew of it; it logs nobody in."""
        address = self.add_address(self.alice)
        body = {"medium": "email", "address": address.upper()}

        answer = self.alice.post("/account/3pid/delete", body)

        self.assertEqual(answer, {"id_server_unbind_result": "no-support"})
        self.assertEqual(self.addresses(self.alice), [])
        identifier = {"type": "m.id.thirdparty", "medium": "email", "address": address}
        login = {"type": "m.login.password", "identifier": identifier, "password": PASSWORD}
        self.assertEqual(self.server.refusal("POST", "/login", login), (403, "M_FORBIDDEN"))

    def test_nobody_deletes_what_is_anothers(self) -> None:
        """The address stays."""
        address = self.add_address(self.alice)

        self.new_user("bob").post("/account/3pid/delete", {"medium": "email", "address": address})

        self.assertEqual(self.addresses(self.alice), [address])

    def test_a_login_by_address_fails_alike_for_all_reasons(self) -> None:
        """A wrong password, an address of nobody's, and what is no address."""
        known = self.add_address(self.alice)
        answers = [
            self.server.request(
                "POST",
                "/login",
                {
                    "type": "m.login.password",
                    "identifier": {"type": "m.id.thirdparty", "medium": "email", "address": address},
                    "password": "guess",
                },
            )
            for address in (known, self.new_address(), self.alice.user_id, "nul\0l")
        ]

        self.assertEqual({answer.error for answer in answers}, {(403, "M_FORBIDDEN")})
        self.assertEqual(len({answer.json["error"] for answer in answers}), 1)

    def test_a_new_password_is_set_by_mail(self) -> None:
        """It logs in, the old one does not, and all sessions have ended."""
        address = self.add_address(self.alice)

        self.reset(self.validated(RESET, address)).ok()

        self.assertEqual(self.alice.refusal("GET", "/account/whoami"), UNKNOWN_TOKEN)
        with self.assertRaisesRegex(AssertionError, "M_FORBIDDEN"):
            self.alice.log_in_again()
        self.alice.password = NEW_PASSWORD
        self.alice.log_in_again()

    def test_sessions_go_on_where_that_is_wanted(self) -> None:
        """`logout_devices: false`."""
        address = self.add_address(self.alice)

        self.reset(self.validated(RESET, address), logout_devices=False).ok()

        self.alice.get("/account/whoami")

    def test_a_validation_sets_one_password(self) -> None:
        """The second time it is refused."""
        credentials = self.validated(RESET, self.add_address(self.alice))
        self.reset(credentials).ok()

        self.assertEqual(self.reset(credentials).error, (401, "M_THREEPID_AUTH_FAILED"))

    def test_a_link_does_only_what_its_mail_says(self) -> None:
        """Who confirmed an address for an account has allowed no new password, and the other way round."""
        address = self.new_address()
        for_adding = self.validated(ADD, address)
        also_for_adding = self.validated(ADD, address)
        self.with_password(self.alice, "/account/3pid/add", for_adding)

        self.assertEqual(self.reset(also_for_adding).error, (401, "M_THREEPID_AUTH_FAILED"))
        for_resetting = self.validated(RESET, address)
        self.assertEqual(
            self.alice.refusal("POST", "/account/3pid/add", for_resetting), (400, "M_THREEPID_AUTH_FAILED")
        )

    def test_looking_at_the_link_allows_no_new_password(self) -> None:
        """Programs that check mails open links; the button is for people. The page's policy lets its form lead on."""
        address = self.add_address(self.alice)
        sid = self.request_token(RESET, address, next_link="https://app.example/next")

        page = browse(link_in(self.mail.get_mail(address, 2)))

        self.assertEqual(page.status, 200)
        self.assertIn(address, page.text)
        self.assertIn("form-action 'self' https://app.example;", page.headers["Content-Security-Policy"])
        self.assertEqual(self.reset({"sid": sid, "client_secret": "s3cret"}).error, (401, "M_UNAUTHORIZED"))

    def test_the_older_way_to_add_is_for_who_has_just_logged_in(self) -> None:
        """Without showing the password again; what was validated for something else, or not, is not added."""
        address = self.new_address()
        credentials = self.validated(ADD, address)

        self.assertEqual(self.alice.post("/account/3pid", {"three_pid_creds": credentials}), {})

        self.assertEqual(self.addresses(self.alice), [address])
        for wrong in (credentials, self.validated("register", self.new_address())):
            self.assertEqual(
                self.alice.refusal("POST", "/account/3pid", {"three_pid_creds": wrong}), (400, "M_MISSING_PARAM")
            )
        self.assertEqual(self.alice.refusal("POST", "/account/3pid", {}), (400, "M_MISSING_PARAM"))
        self.assertEqual(self.alice.refusal("POST", "/account/3pid", {"three_pid_creds": 7}), (400, "M_BAD_JSON"))

    def test_whether_an_address_is_known_is_told_to_its_owner_alone(self) -> None:
        """The same answer, and a mail without a link."""
        address = self.new_address()

        self.assertTrue(self.request_token(RESET, address))

        text = text_of(self.mail.get_mail(address))
        self.assertIn("no account here has this address", text)
        self.assertNotIn("http", text)

    def test_a_locked_user_gets_no_new_password(self) -> None:
        """401 M_USER_LOCKED; after unlocking the old one is still good."""
        admin, address = new_administrator(self.server), self.add_address(self.alice)
        lock = f"/_matrix/client/v1/admin/lock/{self.alice.user_id}"
        admin.put(lock, {"locked": True})

        self.assertEqual(self.reset(self.validated(RESET, address)).error, (401, "M_USER_LOCKED"))

        admin.put(lock, {"locked": False})
        self.alice.log_in_again()

    def test_an_account_that_ended_gives_its_address_back(self) -> None:
        """Another adds it. A mail alone does not end an account."""
        address = self.add_address(self.alice)
        flows = self.server.request("POST", "/account/deactivate", {}).json["flows"]
        self.assertNotIn({"stages": [EMAIL_STAGE]}, flows)

        self.with_password(self.alice, "/account/deactivate", {})

        bob = self.new_user("bob")
        self.with_password(bob, "/account/3pid/add", self.validated(ADD, address))
        self.assertEqual(self.addresses(bob), [address])

    def test_bad_requests_are_told_apart(self) -> None:
        """400 each."""
        for body, errcode in (
            ({"medium": "email"}, "M_MISSING_PARAM"),
            ({"medium": "pigeon", "address": "x"}, "M_INVALID_PARAM"),
            ({"medium": "email", "address": 7}, "M_BAD_JSON"),
            ({"medium": "email", "address": "nul\0l"}, "M_BAD_JSON"),
            ({"medium": "email", "address": "a@b", "id_server": "a/b"}, "M_INVALID_PARAM"),
        ):
            with self.subTest(body):
                self.assertEqual(self.alice.refusal("POST", "/account/3pid/delete", body), (400, errcode))
        self.assertEqual(self.alice.refusal("POST", "/account/3pid/add", {}), (400, "M_MISSING_PARAM"))
        nobody = Client(self.server.url)
        for path in ("", "/add", "/delete", "/bind", "/unbind"):
            self.assertEqual(nobody.refusal("POST", f"/account/3pid{path}", {}), (401, "M_MISSING_TOKEN"))
        self.assertEqual(nobody.refusal("GET", "/account/3pid"), (401, "M_MISSING_TOKEN"))

    def test_the_server_says_that_addresses_can_be_changed(self) -> None:
        """The capability."""
        self.assertEqual(self.alice.get("/capabilities")["capabilities"]["m.3pid_changes"], {"enabled": True})

    def test_telephone_numbers_are_not_supported(self) -> None:
        """400, for each purpose."""
        for place in ("register", "account/3pid", "account/password"):
            self.assertEqual(
                self.server.refusal("POST", f"/{place}/msisdn/requestToken", {}),
                (400, "M_THREEPID_MEDIUM_NOT_SUPPORTED"),
            )


class FixedAddressTest(EmailCase):
    """A server where users change no addresses."""

    extra = {"enable_3pid_changes": False}  # noqa: RUF012

    def test_nothing_is_added_or_deleted(self) -> None:
        """403, and the capability says so."""
        alice = self.new_user("alice")
        credentials = self.validated(ADD, self.new_address())

        self.assertEqual(alice.refusal("POST", "/account/3pid/add", credentials), (403, "M_FORBIDDEN"))
        body = {"medium": "email", "address": "a@b.example"}
        self.assertEqual(alice.refusal("POST", "/account/3pid/delete", body), (403, "M_FORBIDDEN"))
        self.assertEqual(alice.get("/capabilities")["capabilities"]["m.3pid_changes"], {"enabled": False})


class WithoutMailTest(HomeserverCase):
    """A server that was told of no mail server."""

    def test_no_mail_is_promised(self) -> None:
        """400; no capability, and no address in any account."""
        alice = self.new_user("alice")

        for place in ("register", "account/3pid", "account/password"):
            self.assertEqual(
                self.server.refusal("POST", f"/{place}/email/requestToken", {}),
                (400, "M_THREEPID_MEDIUM_NOT_SUPPORTED"),
            )
        self.assertEqual(alice.get("/account/3pid"), {"threepids": []})
        self.assertEqual(alice.get("/capabilities")["capabilities"]["m.3pid_changes"], {"enabled": False})

    def test_no_address_is_added(self) -> None:
        """No session is one that this server has validated."""
        alice = self.new_user("alice")
        body = {"sid": "abc", "client_secret": "s3cret"}

        self.assertEqual(alice.refusal("POST", "/account/3pid/add", body), (400, "M_THREEPID_AUTH_FAILED"))
        self.assertEqual(alice.refusal("POST", "/account/3pid/add", {"sid": "abc"}), (400, "M_MISSING_PARAM"))


AddressTestOnPostgres = on_postgres(AddressTest)
