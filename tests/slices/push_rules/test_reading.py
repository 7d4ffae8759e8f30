"""Reading push rules.

https://spec.matrix.org/v1.19/client-server-api/#push-rules-api
"""

from __future__ import annotations

from tests.support.databases import on_postgres
from tests.support.homeserver import HomeserverCase


class ReadingRulesTest(HomeserverCase):
    """Of a user with two rules about rooms."""

    def test_all_those_of_a_kind_and_one(self) -> None:
        """The newer rule comes first, wherever it is shown."""
        user = self.new_user()
        for room_id in ("!one:example.org", "!two:example.org"):
            user.put(f"/pushrules/global/room/{room_id}", {"actions": ["notify"]})

        rules = user.get("/pushrules/global/room/")
        self.assertEqual([rule["rule_id"] for rule in rules], ["!two:example.org", "!one:example.org"])
        self.assertEqual(user.get("/pushrules/")["global"]["room"], rules)
        self.assertEqual(user.get("/pushrules/global/")["room"], rules)
        self.assertEqual(user.get("/pushrules/global/room/!two:example.org"), rules[0])
        self.assertEqual(user.refusal("GET", "/pushrules/global/rooms/"), (400, "M_INVALID_PARAM"))


ReadingRulesTestOnPostgres = on_postgres(ReadingRulesTest)
