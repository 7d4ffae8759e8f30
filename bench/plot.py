"""A line in a plot, as SVG."""

from __future__ import annotations

from collections.abc import Sequence

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 720, 320, 60, 40
_STEPS = 5


def line_plot(points: Sequence[tuple[float, float]], x_name: str, y_name: str) -> str:
    """From zero on both axes."""
    most_x = max(x for x, _ in points) or 1.0
    most_y = max(y for _, y in points) * 1.1 or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        across, up = (_WIDTH - _LEFT - 20) * x / most_x, (_HEIGHT - _BOTTOM - 20) * y / most_y
        return round(_LEFT + across, 1), round(_HEIGHT - _BOTTOM - up, 1)

    marks = []
    for step in range(_STEPS + 1):
        x, y = most_x * step / _STEPS, most_y * step / _STEPS
        left, _ = place(x, 0)
        _, top = place(0, y)
        marks.append(f'<text x="{left}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{x:.0f}</text>')
        marks.append(f'<text x="{_LEFT - 6}" y="{top + 4}" text-anchor="end">{y:.0f}</text>')
        marks.append(f'<line x1="{_LEFT}" x2="{_WIDTH - 20}" y1="{top}" y2="{top}" stroke="#ddd"/>')
    line = " ".join(f"{left},{top}" for left, top in (place(x, y) for x, y in points))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
            'font-size="11" fill="#333">',
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
            *marks,
            f'<polyline points="{line}" fill="none" stroke="#c2410c" stroke-width="1.5"/>',
            f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 6}" text-anchor="middle">{x_name}</text>',
            f'<text x="{_LEFT}" y="12" text-anchor="middle">{y_name}</text>',
            "</svg>",
            "",
        ]
    )
