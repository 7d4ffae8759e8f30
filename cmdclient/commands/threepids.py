"""Commands about e-mail addresses of the account: emailrequest, emailvalidate, 3pidbind, 3pids.

https://spec.matrix.org/v1.19/client-server-api/#adding-account-administrative-contact-information
"""

from __future__ import annotations

import secrets

from cmdclient.client import Client, api_path
from cmdclient.errors import UsageError
from cmdclient.interactive_auth import request_with_stages
from cmdclient.registry import command
from cmdclient.session import Session
from cmdclient.views import Answer, Table

_FIRST_ATTEMPT = "1"


@command("emailrequest", "ADDRESS [SECRET] [ATTEMPT]", "Have a mail sent to an address, to show that it is yours.")
def email_request(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidemailrequesttoken

    The secret is made up if none is given; a greater ATTEMPT has the mail sent again.
    """
    session.get_login()
    address, secret, attempt = [*arguments, *[secrets.token_urlsafe(24), _FIRST_ATTEMPT][len(arguments) - 1 :]][:3]
    if not attempt.isdecimal():
        raise UsageError(f"{attempt!r} is no number.")
    body = {"email": address, "client_secret": secret, "send_attempt": int(attempt)}
    answer = session.client.post(api_path("account", "3pid", "email", "requestToken"), body)
    lines = [f"A mail was sent to {address}. Open the link in it, and then: emailvalidate {answer.get('sid')} {secret}"]
    return Answer({**answer, "secret": secret}, lines)


@command(
    "emailvalidate",
    "SID SECRET",
    "Add the address of an emailrequest, once the link in the mail was opened.",
)
def email_validate(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidadd"""
    session.get_login()
    body = {"sid": arguments[0], "client_secret": arguments[1]}
    request_with_stages(session, session.client, "POST", api_path("account", "3pid", "add"), body)
    return Answer({"sid": arguments[0]}, ["The address belongs to the account now; see: 3pids"])


@command("3pidbind", "SID SECRET ID_SERVER ID_TOKEN", "Let others find you by an address, at an identity server.")
def bind(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3pidbind

    SID and SECRET are of a session at the identity server, ID_TOKEN is an access token of it.
    """
    session.get_login()
    names = ("sid", "client_secret", "id_server", "id_access_token")
    session.client.post(api_path("account", "3pid", "bind"), dict(zip(names, arguments, strict=True)))
    return Answer({"sid": arguments[0]}, [f"You can be found at {arguments[2]}."])


@command("3pids", "[delete] [ADDRESS]", "The addresses of the account; delete one.")
def threepids(session: Session, arguments: list[str]) -> Answer:
    """https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3account3pid"""
    session.get_login()
    match arguments:
        case []:
            found = _addresses(session.client)
            rows = [(medium, address) for address, medium in found.items()]
            return Answer(found, [Table(rows) if rows else "The account has no address; add one: emailrequest ADDRESS"])
        case ["delete", address]:
            medium = _addresses(session.client).get(address, "email")
            path = api_path("account", "3pid", "delete")
            answer = session.client.post(path, {"medium": medium, "address": address})
            return Answer(answer, [f"Deleted {address}"])
    raise UsageError("Usage: 3pids | 3pids delete ADDRESS")


def _addresses(client: Client) -> dict[str, str]:
    """Medium by address."""
    answer = client.get(api_path("account", "3pid"))
    return {str(each.get("address")): str(each.get("medium")) for each in answer.get("threepids", [])}
