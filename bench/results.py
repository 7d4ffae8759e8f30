"""Results of runs in JSON files, and the tables made of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.meter import Figures
from bench.running import Start

_NAMES = {
    "versions_16": "versions, 16 connections",
    "register": "register (bcrypt, 4 rounds)",
    "login": "login (bcrypt, 4 rounds)",
    "send_seq": "send_seq: one after the other",
    "send_16": "send_16: 16 at once",
    "send_big": "send_big: a room of 100 members",
    "fanout_slow": "fanout_slow: a message at one of 50 members, 1 a second",
    "fanout": "fanout: a message at one of 50 members, 5 a second",
    "sync_idle_1": "sync_idle: 1 room",
    "sync_idle_200": "sync_idle: 200 rooms",
    "sync_initial": "sync_initial: 200 rooms",
    "messages": "messages: 50 events",
    "upload": "upload 1 MiB",
    "download": "download 1 MiB",
    "upload_image": "upload an image of 1 MiB",
    "keys_upload": "keys/upload: 50",
    "keys_query": "keys/query: 100",
    "keys_claim": "keys/claim: 20",
    "join": "join: a room of 500 members",
    "state": "state: 1,000 members",
    "joined_members": "joined_members: 1,000 members",
}


@dataclass(frozen=True, slots=True)
class Result:
    """One run of one server; `loop_us` is that of the machine at its fastest."""

    server: str
    version: str
    database: str
    start: Start
    final_mib: float
    loop_us: float | None
    figures: dict[str, Figures]

    def cost_ms(self, name: str, reference_us: float | None) -> float:
        """CPU of server and database an operation, as it would be on the machine at its fastest."""
        figures = self.figures[name]
        slowness = figures.loop_us / reference_us if figures.loop_us and reference_us else 1.0
        return (figures.server_ms + figures.database_ms) / slowness

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def read_result(path: Path) -> Result:
    """What `write` has written."""
    content = json.loads(path.read_text(encoding="utf-8"))
    figures = {name: Figures(**one) for name, one in content.pop("figures").items()}
    return Result(start=Start(**content.pop("start")), figures=figures, **content)


def table(results: Sequence[Result]) -> str:
    """Markdown: operations by server, in milliseconds of CPU, and the first server's share of each other's.

    Several runs of one server on one database give one column, with the median of them.
    """
    reference = min((one.loop_us for one in results if one.loop_us), default=None)
    columns = _columns(results)
    first = next(iter(columns))
    others = [name for name in columns if name != first]
    head = [*columns, *(f"of {name}" for name in others)]
    lines = [f"| | {' | '.join(head)} |", f"|---|{'---|' * len(head)}"]
    for name in dict.fromkeys(name for one in results for name in one.figures):
        costs = {
            column: _median([one.cost_ms(name, reference) for one in runs if name in one.figures])
            for column, runs in columns.items()
        }
        cells = [_number(costs[column]) for column in columns]
        cells += [_share(costs[first], costs[other]) for other in others]
        lines.append(f"| {_NAMES.get(name, name)} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *_rest_lines(columns)])


def _rest_lines(columns: dict[str, list[Result]]) -> list[str]:
    rows: dict[str, Callable[[Result], float]] = {
        "seconds to the first answer after a start": lambda one: one.start.first_answer_s,
        "of which CPU": lambda one: one.start.cpu_s,
        "memory when idle, MiB": lambda one: one.start.idle_mib,
        "memory after the run, MiB": lambda one: one.final_mib,
    }
    lines = [f"| | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for name, value in rows.items():
        cells = [_number(_median([value(one) for one in runs])) for runs in columns.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _columns(results: Sequence[Result]) -> dict[str, list[Result]]:
    columns: dict[str, list[Result]] = {}
    for one in results:
        columns.setdefault(f"{one.server} {one.version}, {one.database}", []).append(one)
    return columns


def _median(values: Sequence[float]) -> float | None:
    ordered = sorted(values)
    if not ordered:
        return None
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _share(own: float | None, other: float | None) -> str:
    return f"{own / other:.0%}".replace("%", " %") if own is not None and other else "–"
