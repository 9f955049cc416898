"""From a file to canonical text: which bytes are text, in which encoding, in which form.

Nothing is guessed by statistics: a byte-order mark, else strict UTF-8, else Windows-1252 with a
warning. Canonical text is what all offsets of the house count in.
"""

import codecs
import re
import unicodedata
from pathlib import Path

from kg.model import ReadError

MAX_BYTES = 50_000_000

_KINDS_OF_BINARY = (
    (b"%PDF", "a PDF file"),
    (b"PK\x03\x04", "a ZIP archive such as DOCX or ODT"),
    (b"\xd0\xcf\x11\xe0", "an old Word file"),
    (b"{\\rtf", "an RTF file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
)
_SAVE_AS_TEXT = "Save it as plain text in UTF-8."

_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_LINE_ENDS = dict.fromkeys((0x0B, 0x0C, 0x85, 0x2028, 0x2029), "\n")
_CONTROLS = [*range(0x09), *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0), 0xFFFE, 0xFFFF]
_INVISIBLE = (0x00AD, 0x200B, 0x2060, 0xFEFF)
_SPACES = (0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_CANONICAL = {
    **dict.fromkeys((*_CONTROLS, *_INVISIBLE)),
    **dict.fromkeys(_SPACES, " "),
    **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"),
    **_LINE_ENDS,
    **_LIGATURES,
}
_CONTROL = re.compile("[" + "".join(re.escape(chr(point)) for point in _CONTROLS) + "]")
_MOJIBAKE = re.compile("Ã[¥¸¦…˜†]|â€[™œ“”]")


def canonical(text: str) -> str:
    r"""Return *text* in the form that offsets count in.

    NFC; LF line ends; no soft hyphens, zero-width spaces, byte-order marks or control characters;
    every kind of space a plain one; ligatures spelt out. Doing it twice changes nothing.

    >>> canonical("bu\u00adstad\r\nﬁnst\u00a0a\u030a")
    'bustad\nfinst å'
    """
    return unicodedata.normalize("NFC", re.sub("\r\n?", "\n", text.translate(_CANONICAL)))


def load(path: Path) -> bytes:
    """Return the bytes of a regular, non-empty file of at most 50 MB, else raise :class:`ReadError`."""
    try:
        if not path.is_file():
            raise ReadError(f"{path}: there is no such file." if not path.exists() else f"{path}: this is not a file.")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror}).") from error
    if not data:
        raise ReadError(f"{path}: the file is empty. Put the text in it, or remove it.")
    if len(data) > MAX_BYTES:
        raise ReadError(f"{path}: the file is larger than {MAX_BYTES // 1_000_000} MB. Split it.")
    return data


def decode(data: bytes, declared: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Return the text of *data* and what had to be guessed.

    *declared* is an encoding that the file itself names (HTML); a byte-order mark goes before it.
    Raise :class:`ReadError` (offset and what to do, without the file's name) where this is no text.
    """
    _refuse_binary(data)
    text, warnings = _decode_marked(data) or _decode_declared(data, declared) or _decode_bare(data)
    if (nul := text.find("\0")) >= 0:
        raise ReadError(f"there is a NUL character at offset {nul}, so this is no plain text. {_SAVE_AS_TEXT}")
    return text, (*warnings, *_oddities(text))


def _refuse_binary(data: bytes) -> None:
    for magic, kind in _KINDS_OF_BINARY:
        if data.startswith(magic):
            raise ReadError(f"this is {kind}, not text (offset 0). {_SAVE_AS_TEXT}")
    if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and (nul := data.find(b"\0")) >= 0:
        raise ReadError(
            f"there is a NUL byte at offset {nul}, so this is a binary file "
            f"or UTF-16 without a byte-order mark. {_SAVE_AS_TEXT}"
        )


def _decode_marked(data: bytes) -> tuple[str, tuple[str, ...]] | None:
    marks = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
    for mark, encoding in marks:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding), ()
            except UnicodeDecodeError as error:
                offset = error.start + len(mark)
                raise ReadError(
                    f"the file says it is {encoding.upper()} but breaks off from it at offset {offset}. {_SAVE_AS_TEXT}"
                ) from error
    return None


def _decode_declared(data: bytes, declared: str | None) -> tuple[str, tuple[str, ...]] | None:
    if declared is None:
        return None
    # A file whose declaration could be read as ASCII is not UTF-16, whatever it says;
    # and what says Latin-1 is read as Windows-1252 by every browser.
    alias = {"iso8859-1": "cp1252", "ascii": "cp1252", "utf-16": "utf-8", "utf-16-le": "utf-8", "utf-16-be": "utf-8"}
    try:
        name = codecs.lookup(declared).name
        return data.decode(alias.get(name, name)), ()
    except (LookupError, UnicodeDecodeError, ValueError):
        text, warnings = _decode_bare(data)
        return text, (f"the file says its encoding is “{declared}”, which it is not.", *warnings)


def _decode_bare(data: bytes) -> tuple[str, tuple[str, ...]]:
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        found = f"byte 0x{data[error.start]:02X} at offset {error.start}"
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise ReadError(
            f"neither UTF-8 nor Windows-1252: byte 0x{data[error.start]:02X} at offset {error.start}. {_SAVE_AS_TEXT}"
        ) from error
    return text, (f"not UTF-8 ({found}); read as Windows-1252. Check æ, ø and å, or save the file as UTF-8.",)


def _oddities(text: str) -> tuple[str, ...]:
    warnings = []
    if controls := _CONTROL.findall(text):
        first = _CONTROL.search(text)
        warnings.append(
            f"{len(controls)} control characters were left out, the first at character {first.start() if first else 0}."
        )
    if garbled := _MOJIBAKE.search(text):
        warnings.append(
            f"“{garbled.group()}” at character {garbled.start()} looks like UTF-8 that was once read as Latin-1."
        )
    return tuple(warnings)
