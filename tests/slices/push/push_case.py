"""Alice writes; Bob has a pusher."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.api_client import Json, User
from tests.support.homeserver import HomeserverCase
from tests.support.push_gateway import PushGateway

INSECURE: dict[str, Any] = {"use_insecure_ssl_client_just_for_testing_do_not_use": True}


class PushCase(HomeserverCase):
    """Alice and Bob in a private room of two, Bob with a pusher at a gateway of the test's."""

    settings: ClassVar[dict[str, Any]] = INSECURE

    def setUp(self) -> None:
        self.gateway = PushGateway()
        self.addCleanup(self.gateway.close)
        self.alice, self.bob = self.new_user("alice"), self.new_user("bob")
        self.room = self.room_with(self.bob)
        self.gateway.add_to(self.bob)

    def room_with(self, *users: User, **body: Any) -> str:
        """A room of Alice's that these have joined."""
        room_id = self.alice.create_room(preset="public_chat", **body)
        for user in users:
            user.join(room_id)
        return room_id

    def read(self, event_id: str, user: User | None = None, room_id: str | None = None, **body: str) -> None:
        """Bob, or another, reads up to here."""
        (user or self.bob).post(f"/rooms/{room_id or self.room}/receipt/m.read/{event_id}", body)

    def mention(self, user: User, **content: Any) -> str:
        """A message of Alice's that mentions somebody."""
        return self.alice.send(self.room, "you", **{"m.mentions": {"user_ids": [user.user_id]}}, **content)

    def told(self, count: int = 1) -> Json:
        """The last of so many notifications."""
        return self.gateway.wait(count)[count - 1]
