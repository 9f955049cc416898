"""HTML: the main part of a page, without menus and scripts, as one flat run of blocks."""

import re
from collections.abc import Callable, Iterator

from lxml import etree

from kg.model import BlockKind, ReadError
from kg.reading.decoding import decode
from kg.reading.layout import Layout, Piece, compose, words

_CHARSET = re.compile(
    rb"""(?:<meta\b[^>]{0,200}?\bcharset|<\?xml\b[^>]{0,200}?\bencoding)\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})""", re.I
)
_HEAD_BYTES = 4096

_NEVER = words("""
    script style noscript template nav iframe object embed applet svg math canvas audio video head button
    select textarea input datalist dialog map
""")
_NEVER_ROLES = frozenset(("navigation", "banner", "contentinfo", "search", "complementary", "menu", "alert", "dialog"))
_AROUND = frozenset(("footer", "aside"))
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = words("""
    address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer
    form header hgroup hr html legend li main ol p pre section summary table tbody td tfoot th thead tr ul
""")
_CONTAINERS = words("""
    html body div section center form td tr tbody table article main
""")
_DENSE = 0.75
"""The densest block is the deepest container that holds at least this share of the page's text."""

_SPACE = re.compile(r"[ \t\n\r\f]+")
_BREAK = "\x0b"
"""A line break that survives the collapsing of white space; canonical text knows it as a line end."""


def lay_out(data: bytes) -> Layout:
    """Read *data* as HTML of any age; nothing is fetched and no entity but HTML's own is expanded."""
    declared = _CHARSET.search(data[:_HEAD_BYTES])
    text, warnings = decode(data, declared.group(1).decode("ascii") if declared else None)
    root = _tree(text)
    if root is None:
        return Layout("", ())
    lang = (root.get("lang") or "").strip().lower()[:2]
    return compose(_pieces(_main(root)), lang={"no": "nb"}.get(lang, lang) or None, warnings=warnings)


def pieces(text: str) -> Iterator[Piece]:
    """Take the blocks out of a stretch of HTML inside another format."""
    root = _tree(text)
    return iter(()) if root is None else _pieces(root)


def _tree(text: str) -> etree._Element | None:
    # The parser gets UTF-8 bytes: a string with an XML declaration in it would be refused.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    root = etree.fromstring(text.encode("utf-8", "replace"), parser) if text.strip() else None
    for entry in parser.error_log:
        if entry.type_name == "ERR_RESOURCE_LIMIT":
            raise ReadError(f"elements are nested deeper than the reader goes (line {entry.line}). Mend the page.")
    return root


def _main(root: etree._Element) -> etree._Element:
    """Return ``main``, else the longest ``article``, else the densest block of the page."""
    elements = list(_within(root, _is_left_out))
    mains = [element for element in elements if element.tag == "main" or element.get("role") == "main"]
    articles = [element for element in elements if element.tag == "article"]
    if not mains and not articles:
        return _densest(root)
    return max(mains or articles, key=lambda element: sum(len(text) for text in element.itertext()))


def _densest(root: etree._Element) -> etree._Element:
    weight: dict[etree._Element, int] = {}
    for element in _within(root, _is_furniture):
        own = (
            0
            if element.tag == "a"
            else len((element.text or "").strip()) + sum(len((c.tail or "").strip()) for c in element)
        )
        weight[element] = weight.get(element, 0) + own
    for element in reversed(list(weight)):
        parent = element.getparent()
        if parent is not None and parent in weight and element is not root:
            weight[parent] += weight[element]
    best = root
    while True:
        deeper = max(
            (child for child in best if child.tag in _CONTAINERS), key=lambda child: weight.get(child, 0), default=None
        )
        if deeper is None or weight.get(deeper, 0) < _DENSE * weight[root]:
            return best
        best = deeper


def _is_left_out(element: etree._Element) -> bool:
    return (
        element.tag in _NEVER
        or (element.get("role") or "").lower() in _NEVER_ROLES
        or element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
    )


def _is_furniture(element: etree._Element) -> bool:
    return _is_left_out(element) or element.tag in _AROUND


def _within(root: etree._Element, left_out: Callable[[etree._Element], bool]) -> Iterator[etree._Element]:
    """Walk the elements under *root* in document order, without those that *left_out* names."""
    walk = etree.iterwalk(root, events=("start",))
    for _, element in walk:
        if left_out(element):
            walk.skip_subtree()
        else:
            yield element


def _pieces(root: etree._Element) -> Iterator[Piece]:
    """Flatten what is under *root*: text between two block boundaries is one piece."""
    left_out = _is_left_out if root.tag in ("main", "article") or root.get("role") == "main" else _is_furniture
    open_tags: list[str] = []
    run: list[str] = []
    walk = etree.iterwalk(root, events=("start", "end"))
    skipped: etree._Element | None = None
    for event, element in walk:
        if event == "start" and element is not root and left_out(element):
            walk.skip_subtree()
            skipped = element
            continue
        if skipped is not None and element is skipped:
            run.append(_kept_lines(element.tail, open_tags))
            continue
        tag = str(element.tag)
        if tag in _BLOCKS or tag in _HEADINGS:
            yield from _flush(run, open_tags)
        if event == "start":
            open_tags.append(tag)
            run.append(_kept_lines(element.text, open_tags))
            continue
        open_tags.pop()
        run.append(_BREAK if tag == "br" else "")
        run.append(_kept_lines(element.tail, open_tags) if element is not root else "")
    yield from _flush(run, open_tags)


def _kept_lines(text: str | None, open_tags: list[str]) -> str:
    """Return *text* with the line ends of preformatted text kept."""
    return (text or "").replace("\n", _BREAK) if "pre" in open_tags[-3:] else text or ""


def _flush(run: list[str], open_tags: list[str]) -> Iterator[Piece]:
    text = re.sub(rf" ?{_BREAK} ?", _BREAK, _SPACE.sub(" ", "".join(run))).strip(f" {_BREAK}")
    run.clear()
    if text:
        kind, level = _kind(open_tags)
        yield Piece(kind, text, level)


def _kind(open_tags: list[str]) -> tuple[BlockKind, int | None]:
    """Return the kind of a piece of text by the innermost heading, list item or cell around it."""
    for depth in range(len(open_tags) - 1, -1, -1):
        tag = open_tags[depth]
        if tag in _HEADINGS:
            return "heading", _HEADINGS[tag]
        if tag in ("td", "th"):
            return "cell", None
        if tag == "li":
            outer = next((name for name in reversed(open_tags[:depth]) if name in ("ul", "ol")), "ul")
            return ("number" if outer == "ol" else "bullet"), None
    return "para", None
