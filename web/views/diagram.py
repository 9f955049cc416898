"""A term among its neighbours as a drawing: what stands above and below it, and what leads from it and to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Literal

from web.views.lookup import Name

WIDTH, EDGE, RAIL, INDENT = 360, 8, 20, 44
LINE, PAD, GAP = 17, 8, 10
LABEL_AT, BOX_AT = 44, 190
ALONG, ACROSS = 40, 21  # characters that fit into a wide box, and into half of one
SHOWN = 14

Side = Literal["above", "below", "out", "in"]


@dataclass(frozen=True)
class Neighbour:
    """A thing beside the term; *by* is the property that ties them, where there is one."""

    side: Side
    name: Name
    by: Name | None = None


@dataclass(frozen=True)
class Box:
    """A box with its words in lines."""

    x: int
    y: int
    width: int
    height: int
    name: Name
    lines: tuple[tuple[int, str], ...]
    centre: bool = False


@dataclass(frozen=True)
class Words:
    """Words beside a line: the name of a property, or of a group of neighbours."""

    name: Name
    lines: tuple[tuple[int, str], ...]
    x: int
    heading: bool = False


@dataclass(frozen=True)
class Diagram:
    """A drawing: boxes, words and lines (SVG path data, with the mark at its end: ``open``, ``full`` or none)."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    words: tuple[Words, ...]
    lines: tuple[tuple[str, str], ...]
    more: int


def diagram(term: Name, neighbours: Iterable[Neighbour], headings: dict[Side, str]) -> Diagram | None:
    """Draw *term* among its neighbours; ``None`` where it has none. *headings* names each side."""
    sides: dict[Side, list[Neighbour]] = {"above": [], "below": [], "out": [], "in": []}
    for each in neighbours:
        sides[each.side].append(each)
    if not any(sides.values()):
        return None
    pen = _Pen([], [], [], EDGE)
    _draw_above(pen, headings["above"], sides["above"][:SHOWN])
    centre = pen.box(term, EDGE, WIDTH - 2 * EDGE, ALONG, centre=True)
    for side in ("below", "out", "in"):
        _draw_under(pen, headings[side], side, sides[side][:SHOWN], centre)
    more = sum(max(0, len(each) - SHOWN) for each in sides.values())
    return Diagram(WIDTH, pen.y, tuple(pen.boxes), tuple(pen.words), tuple(pen.lines), more)


@dataclass
class _Pen:
    """What is drawn so far, and how far down."""

    boxes: list[Box]
    words: list[Words]
    lines: list[tuple[str, str]]
    y: int

    def box(self, name: Name, x: int, width: int, fits: int, *, centre: bool = False) -> Box:
        lines = _broken(name.text, fits)
        height = len(lines) * LINE + 2 * PAD - 3
        made = Box(x, self.y, width, height, name, _placed(lines, self.y + PAD), centre)
        self.boxes.append(made)
        self.y += height + GAP
        return made

    def heading(self, text: str) -> None:
        self.words.append(Words(Name(text), _placed([text], self.y - 2), LABEL_AT, heading=True))
        self.y += LINE + 3


def _draw_above(pen: _Pen, heading: str, neighbours: Sequence[Neighbour]) -> None:
    """Draw what the term is a kind of: a rail up, and an open arrow into each box."""
    if not neighbours:
        return
    pen.heading(heading)
    first: int | None = None
    for each in neighbours:
        made = pen.box(each.name, INDENT, WIDTH - EDGE - INDENT, ALONG - 5)
        middle = made.y + made.height // 2
        first = middle if first is None else first
        pen.lines.append((f"M{RAIL} {middle}H{INDENT - 2}", "open"))
    pen.lines.append((f"M{RAIL} {first}V{pen.y}", ""))


def _draw_under(pen: _Pen, heading: str, side: Side, neighbours: Sequence[Neighbour], centre: Box) -> None:
    """Draw what hangs under the term: kinds of it, or properties with what is at their other end."""
    if not neighbours:
        return
    pen.y += 4
    pen.heading(heading)
    middle = pen.y
    for each in neighbours:
        if each.by is None:
            made = pen.box(each.name, INDENT, WIDTH - EDGE - INDENT, ALONG - 5)
        else:
            made = pen.box(each.name, BOX_AT, WIDTH - EDGE - BOX_AT, ACROSS)
            words = _broken(each.by.text, ACROSS - 2)
            pen.words.append(Words(each.by, _placed(words, made.y + PAD), LABEL_AT))
            pen.y = max(pen.y, made.y + len(words) * LINE + PAD + GAP)
        middle = made.y + made.height // 2
        pen.lines.append(_branch(side, each, middle, made))
    top = centre.y + centre.height
    pen.lines.append((f"M{RAIL} {middle}V{top + 2}", "open" if side == "below" else ""))


def _branch(side: Side, neighbour: Neighbour, middle: int, made: Box) -> tuple[str, str]:
    if neighbour.by is None:
        return f"M{RAIL} {middle}H{INDENT}", ""
    short = f"M{RAIL} {middle}H{LABEL_AT - 6}"
    if side == "in":
        return f"M{LABEL_AT - 6} {middle}H{RAIL + 2}", "full"
    return f"{short}M{made.x - 14} {middle}H{made.x - 2}", "full"


def _broken(text: str, fits: int) -> list[str]:
    return wrap(text, fits, break_long_words=True) or [text]


def _placed(lines: Sequence[str], top: int) -> tuple[tuple[int, str], ...]:
    return tuple((top + LINE * (number + 1) - 5, line) for number, line in enumerate(lines))
