"""What an account that ends leaves behind of its push rules."""

from __future__ import annotations

from homeserver.slices.push_rules.service import NewRule, PushRules
from homeserver.slices.push_rules.tables import TABLES
from tests.support.database_case import DatabaseCase
from tests.support.databases import on_postgres
from tests.support.own_reactor import run

ALICE = "@alice:our.example"


class EndingTest(DatabaseCase):
    """Alice's rules."""

    tables = TABLES

    def test_a_deactivated_account_leaves_nothing(self) -> None:
        """Only the predefined rules are left, as for anybody."""
        rules = PushRules(self.database)
        predefined = run(rules.get_rules(ALICE))
        run(rules.put_rule(ALICE, NewRule("room", "!one:our.example", {"actions": ["notify"]})))
        self.assertNotEqual(run(rules.get_rules(ALICE)), predefined)

        run(self.database.transact(rules.deactivate, ALICE, False))

        self.assertEqual(run(rules.get_rules(ALICE)), predefined)


EndingTestOnPostgres = on_postgres(EndingTest)
