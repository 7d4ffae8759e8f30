"""Statements: parameters, lists, numbers and values, the same on each engine."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from homeserver.database import NotFoundRow, Transaction
from tests.database.database_case import DatabaseCase, Wrong, all_of
from tests.support.databases import on_postgres

_ADD = "INSERT INTO things (thing_nid, name, position) VALUES (:nid, :name, 0)"


def _fill(tx: Transaction, count: int) -> None:
    tx.run_many(_ADD, [{"nid": nid, "name": f"thing {nid}"} for nid in range(1, count + 1)])


def _number(tx: Transaction) -> int:
    return tx.allocate("things", "thing_nid")


def _number_and_fail(tx: Transaction, taken: list[int]) -> None:
    taken.append(_number(tx))
    raise Wrong


def _use_number(tx: Transaction) -> int:
    nid = _number(tx)
    tx.run(_ADD, nid=nid, name="numbered")
    return nid


def _write_and_read(tx: Transaction, text: str, content: bytes) -> object:
    sql = "INSERT INTO things (name, position, content) VALUES (:text, :big, :content) RETURNING name, content"
    return tx.one(sql, text=text, big=2**63 - 1, content=content)


class Statements(DatabaseCase):
    def test_parameters_are_found_among_literals_and_casts(self) -> None:
        """A colon or a percent sign in a literal is one; a parameter may come twice, and one may be left over."""
        row = self.read(
            lambda tx: tx.one(
                "SELECT '100% :name', CAST(:name AS TEXT) || CAST(:other AS TEXT) || CAST(:name AS TEXT), 'it''s :x'",
                name="a'b:c%s",
                other="-",
                unused=1,
            )
        )

        self.assertEqual(row, ("100% :name", "a'b:c%s-a'b:c%s", "it's :x"))

    def test_rows_are_given_in_the_form_asked_for(self) -> None:
        """First row, first value, none at all, and how many were changed."""
        self.transact(_fill, 3)

        def look(tx: Transaction) -> None:
            self.assertEqual(tx.find("SELECT name FROM things WHERE thing_nid = :nid", nid=2), ("thing 2",))
            self.assertIsNone(tx.find("SELECT name FROM things WHERE thing_nid = :nid", nid=9))
            self.assertIsNone(tx.value("SELECT name FROM things WHERE thing_nid = :nid", nid=9))
            self.assertEqual(tx.value("SELECT COUNT(*) FROM things"), 3)
            with self.assertRaises(NotFoundRow):
                tx.one("SELECT name FROM things WHERE thing_nid = :nid", nid=9)

        self.read(look)
        self.assertEqual(self.transact(lambda tx: tx.run("DELETE FROM things WHERE thing_nid > :nid", nid=1)), 2)

    def test_a_list_has_any_length(self) -> None:
        """None, one, many, more than go into a statement; with values that are not there or come twice."""
        self.transact(_fill, 1_200)
        sql = "SELECT thing_nid FROM things WHERE thing_nid IN :nids AND name LIKE :pattern"
        for count in (0, 1, 2, 3, 499, 500, 501, 1_200):
            wanted = list(range(1, count + 1))
            asked = [*wanted, *wanted[:5], 5_000, 5_001]
            rows = self.read(lambda tx, asked=asked: tx.all_in(sql, nids=asked, pattern="thing%"))
            self.assertEqual(sorted(row[0] for row in rows), wanted)
        self.assertEqual(self.read(lambda tx: tx.all_in(sql, nids=[], pattern="%")), [])

    def test_a_list_may_be_of_texts_or_of_large_numbers(self) -> None:
        """The list's type is that of the column."""
        self.transact(lambda tx: tx.run(_ADD, nid=2**62, name="large"))
        self.transact(lambda tx: tx.run(_ADD, nid=1, name="it's"))
        for sql, values in (
            ("SELECT name FROM things WHERE name IN :values", ["it's", "large", "{a,b}"]),
            ("SELECT name FROM things WHERE thing_nid IN :values", [1, 2**62, 2**40]),
        ):
            rows = self.read(lambda tx, sql=sql, values=values: tx.all_in(sql, values=values))
            self.assertEqual(sorted(rows), [("it's",), ("large",)])

    def test_a_list_in_pieces_cannot_exclude(self) -> None:
        """`NOT IN` over pieces would find everything, so it is refused."""
        with self.assertRaises(ValueError):
            self.read(lambda tx: tx.all_in("SELECT name FROM things WHERE thing_nid NOT IN :nids", nids=[1]))

    def test_a_number_is_never_given_twice(self) -> None:
        """Not to bodies at once, nor after a body that took one failed."""
        taken: list[int] = []
        outcomes = all_of(
            [
                self.database.transact(_number_and_fail, taken) if index % 3 == 0 else self.database.transact(_number)
                for index in range(150)
            ]
        )
        numbers = [*taken, *(outcome for outcome in outcomes if isinstance(outcome, int))]

        self.assertEqual(len(numbers), 150)
        self.assertEqual(len(set(numbers)), 150)

    def test_a_number_whose_row_was_deleted_is_not_given_again(self) -> None:
        """Also after a restart: others may still know it."""
        last = [self.transact(_use_number) for _ in range(3)][-1]
        self.transact(lambda tx: tx.run("DELETE FROM things"))
        self.database.close()
        self.database = self.open()

        self.assertGreater(self.transact(_use_number), last)

    def test_values_come_back_as_they_went(self) -> None:
        """Any text but with NUL, any bytes."""

        @settings(max_examples=30, deadline=None)
        @given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), content=st.binary())
        def check(text: str, content: bytes) -> None:
            self.assertEqual(self.transact(_write_and_read, text, content), (text, content))

        check()


StatementsOnPostgres = on_postgres(Statements)
