"""Where the link leads that stands in mails about missed messages."""

from __future__ import annotations

from homeserver.http.pages import Pages
from homeserver.http.query import QueryArguments
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import Access, route
from homeserver.slices.push.digests import UNSUBSCRIBE_PATH
from homeserver.slices.push.service import Pushers


class UnsubscribeEndpoints:
    """Whoever has the mail may end the mails; a button does it, since programs that look at mails follow links."""

    def __init__(self, pushers: Pushers) -> None:
        self._pushers = pushers
        self._pages = Pages("homeserver.slices.push")

    @route("GET", f"/{UNSUBSCRIBE_PATH}", access=Access.NONE)
    async def show(self, request: Request) -> Json:
        """Asks whether it is meant."""
        token = request.query.first("token")
        pusher = await self._pushers.find_by_token(token)
        if pusher is None:
            return self._over()
        address, user_id = pusher.shape.key.pushkey, pusher.user_id
        text = f"{address} gets mails about messages that {user_id} has missed."
        return self._pages.response("unsubscribe.html", title="Mails about messages", text=text, token=token)

    @route("POST", f"/{UNSUBSCRIBE_PATH}", access=Access.NONE, max_body_bytes=4096)
    async def unsubscribe(self, request: Request) -> Json:
        """The button was pressed; or a mail program sends it to the link itself.

        https://www.rfc-editor.org/rfc/rfc8058
        """
        form = QueryArguments(request.body.decode("utf-8", "replace"))
        if not await self._pushers.unsubscribe(form.find("token") or request.query.first("token")):
            return self._over()
        text = "You get no more mails about messages. You can have them again in the settings of your client."
        return self._pages.response("unsubscribe.html", title="Done", text=text, token=None)

    def _over(self) -> Json:
        text = "This link is not good any more: there are no such mails."
        return self._pages.response("unsubscribe.html", 404, title="Mails about messages", text=text, token=None)
