"""Charts as SVG, drawn from numbers alone: no script, no font, nothing from elsewhere.

The same numbers give the same bytes. A chart has a title and a description for who does not see
it, and every mark its own words.
"""

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

WIDTH = 720
_FONT = "'Noto Sans SC','PingFang SC','Microsoft YaHei',sans-serif"
_INK, _PALE, _BAR = "#1f2933", "#d5dbe1", "#1f6f8b"
# Told apart without colours, too: by their dashes.
_LINES = (("#1f6f8b", ""), ("#b5501b", "7 4"), ("#5b3a8c", "2 3"))
_LABEL_CHARACTERS = 14
_NAME_CHARACTERS = 40

_TOP, _ROW, _LABELS, _NUMBERS = 56, 40, 170, 150
_CHART_HEIGHT, _LEFT, _RIGHT, _BOTTOM = 360, 70, 24, 64
_TICKS = 5


class Words(NamedTuple):
    """What a chart is about; the description tells its numbers."""

    title: str
    description: str


class Bar(NamedTuple):
    """One bar; `note` stands behind its number. Values are not negative."""

    label: str
    value: int
    note: str = ""


class Line(NamedTuple):
    """One line: a value for each place of the chart's axis. Values are not negative."""

    name: str
    values: Sequence[int]


def bar_chart(words: Words, bars: Sequence[Bar]) -> str:
    """Bars one below the other, the longest as long as there is room; a funnel is such a chart."""
    height = _TOP + _ROW * len(bars) + 16
    room = WIDTH - _LABELS - _NUMBERS
    most = max((bar.value for bar in bars), default=0)
    marks = [
        mark
        for place, bar in enumerate(bars)
        for mark in _bar(bar, _TOP + _ROW * place, room * bar.value / most if most else 0.0)
    ]
    return _svg(words, height, marks)


def line_chart(words: Words, places: Sequence[str], lines: Sequence[Line]) -> str:
    """Lines over the same places, the first value at zero or above; at most three lines.

    Raises ValueError for a line that has not one value for each place.
    """
    if len(lines) > len(_LINES):
        raise ValueError(f"{len(lines)} lines can't be told apart.")
    most = nice_top(max((value for line in lines for value in line.values), default=0))
    axis = _Axis(len(places), most)
    marks = [*_grid(axis), *_places(axis, places)]
    for number, line in enumerate(lines):
        marks += _line(axis, line, places, number)
    return _svg(words, _CHART_HEIGHT, marks)


def nice_top(most: int) -> int:
    """The least of 5, 10, 20, 50, 100 … that is not below: its fifths are whole."""
    top = _TICKS
    for factor in _growing():
        top = _TICKS * factor
        if top >= most:
            break
    return top


def _growing() -> Iterator[int]:
    power = 1
    while True:
        yield from (power, 2 * power, 4 * power)
        power *= 10


class _Axis(NamedTuple):
    places: int
    most: int

    def x(self, place: int) -> float:
        room = WIDTH - _LEFT - _RIGHT
        return _LEFT + (room * place / (self.places - 1) if self.places > 1 else room / 2)

    def y(self, value: float) -> float:
        room = _CHART_HEIGHT - _TOP - _BOTTOM
        return _CHART_HEIGHT - _BOTTOM - room * value / self.most


def _bar(bar: Bar, top: float, length: float) -> list[str]:
    middle = top + _ROW / 2 + 5
    number = f"{bar.value:,}" + (f" · {bar.note}" if bar.note else "")
    shape = f'x="{_LABELS}" y="{top + 6:g}" width="{length:.1f}" height="{_ROW - 12}"'
    return [
        f"<g><title>{_text(f'{bar.label}: {number}', 200)}</title>",
        _words(_LABELS - 12, middle, bar.label, _LABEL_CHARACTERS, anchor="end"),
        f'<rect {shape} rx="3" fill="{_BAR}"/>',
        _words(_LABELS + length + 8, middle, number, _NAME_CHARACTERS),
        "</g>",
    ]


def _grid(axis: _Axis) -> Iterator[str]:
    for tick in range(_TICKS + 1):
        value = axis.most * tick // _TICKS
        y = axis.y(value)
        yield (
            f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}" stroke="{_PALE}"/>'
        )
        yield _words(_LEFT - 8, y + 5, f"{value:,}", _NAME_CHARACTERS, anchor="end")


def _places(axis: _Axis, places: Sequence[str]) -> Iterator[str]:
    for number, place in enumerate(places):
        x = axis.x(number)
        yield _words(x, _CHART_HEIGHT - _BOTTOM + 20, place, _LABEL_CHARACTERS, anchor="middle")


def _line(axis: _Axis, line: Line, places: Sequence[str], number: int) -> Iterator[str]:
    colour, dashes = _LINES[number]
    points = [
        (axis.x(place), axis.y(value))
        for place, (value, _) in enumerate(zip(line.values, places, strict=True))
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    style = f'stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dashes or "none"}"'
    yield f"<g><title>{_text(line.name, 200)}</title>"
    yield f'<polyline points="{path}" fill="none" {style}/>'
    for (x, y), value, place in zip(points, line.values, places, strict=True):
        told = _text(f"{line.name} {place}: {value:,}", 200)
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"><title>{told}</title>'
        yield "</circle>"
    x, y = _LEFT + 200 * number, _CHART_HEIGHT - 18
    yield f'<line x1="{x}" y1="{y - 5}" x2="{x + 28}" y2="{y - 5}" {style}/>'
    yield _words(x + 36, y, line.name, _LABEL_CHARACTERS)
    yield "</g>"


def _svg(words: Words, height: int, marks: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title desc" '
        f'font-family="{_FONT}" font-size="14" fill="{_INK}">'
    )
    return "\n".join(
        [
            head,
            f'<title id="title">{_text(words.title, 200)}</title>',
            f'<desc id="desc">{_text(words.description, 2_000)}</desc>',
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            f'<text x="16" y="32" font-size="18">{_text(words.title, 38)}</text>',
            *marks,
            "</svg>\n",
        ]
    )


def _words(x: float, y: float, text: str, most: int, *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_text(text, most)}</text>'


def _text(text: str, most: int) -> str:
    """A text in XML, without the characters that no XML holds, cut where there is no more room."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return escape(shown if len(shown) <= most else shown[: most - 1] + "…")
