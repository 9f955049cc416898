"""The three languages of the pages: which one a reader wants, and the words of the interface in it."""

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files

from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal
from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept

from kg.model import LANGUAGES, Language

OWN_NAMES: Mapping[Language, str] = {"nn": "Nynorsk", "nb": "Bokmål", "en": "English"}
FIRST: Language = "nn"

# Neighbours who read Norwegian without effort, and the tag that browsers send for Norwegian as such.
_READS: Mapping[str, Language] = {"nn": "nn", "nb": "nb", "no": "nb", "da": "nb", "sv": "nb", "en": "en"}
_SPACE = "\N{NO-BREAK SPACE}"


def wanted_language(accepted: LanguageAccept) -> Language:
    """Choose the page language for a request: the best of those it accepts, else nynorsk."""
    for tag, quality in accepted:
        spoken = _READS.get(tag.lower().replace("_", "-").partition("-")[0])
        if spoken and quality > 0:
            return spoken
    return FIRST


def as_language(text: str) -> Language | None:
    """Return *text* as one of our languages, ``None`` for anything else."""
    return text if text in LANGUAGES else None


@dataclass(frozen=True)
class Speech:
    """The words of the interface in one language; a text is known by its English wording.

    >>> Speech.of("nn").say("Ask")
    'Spør'
    """

    language: Language
    words: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, language: Language) -> "Speech":
        """Return the words of *language*, read once from ``web/translations``."""
        return _speech(language)

    def say(self, wording: str, **values: object) -> str:
        """Give *wording* in this language with ``%(name)s`` filled; a value that is markup keeps it."""
        return _filled(self.words.get(wording, (wording,))[0], values)

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """Give the singular or the plural, with ``%(n)s`` as the number written in this language."""
        forms = self.words.get(one, (one, many))
        return _filled(forms[0] if number == 1 else forms[-1], {"n": self.number(number), **values})

    def number(self, value: int) -> str:
        """Write a whole number with the thousands mark of this language."""
        return f"{value:,}".replace(",", "," if self.language == "en" else _SPACE)

    def size(self, octets: int) -> str:
        r"""Write the size of a file, with the decimal sign of this language.

        >>> Speech.of("nn").size(1_250_000), Speech.of("en").size(1_250_000), Speech.of("nn").size(640)
        ('1,2\xa0MB', '1.2\xa0MB', '1\xa0kB')
        """
        if octets < 1_000_000:
            return f"{max(1, round(octets / 1000))}{_SPACE}kB"
        return f"{octets / 1_000_000:.1f}".replace(".", "." if self.language == "en" else ",") + f"{_SPACE}MB"

    def day(self, value: str) -> str:
        """Write a day or a month (``2016-09-03``, ``2016-09``) in words; anything else stays as it is.

        >>> Speech.of("nn").day("2016-09"), Speech.of("en").day("2014-03-13"), Speech.of("nb").day("2016")
        ('september 2016', '13 March 2014', '2016')
        """
        known = re.fullmatch(r"(\d{4}-\d{2})(-\d{2})?", value)
        try:
            when = date.fromisoformat(value if known and known[2] else f"{value}-01") if known else None
        except ValueError:
            return value
        if when is None or known is None:
            return value
        pattern = "MMMM y" if not known[2] else "d MMMM y" if self.language == "en" else "d. MMMM y"
        return str(format_date(when, pattern, locale=self.language))

    def amount(self, value: str, currency: str | None = None) -> str:
        """Write a number, with the name of its *currency* (ISO 4217) where that is known.

        >>> Speech.of("en").amount("6300000", "NOK")
        '6,300,000 Norwegian kroner'
        """
        try:
            number = Decimal(value)
        except InvalidOperation:
            return value
        if not number.is_finite():
            return value
        if currency is None:
            return str(format_decimal(number, locale=self.language))
        return str(format_currency(number, currency, locale=self.language, format_type="name", currency_digits=False))

    def listed(self, parts: Iterable[str]) -> str:
        """Join words as a list in a sentence: ``a, b og c``."""
        words = list(parts)
        if len(words) < 2:
            return "".join(words)
        return f"{', '.join(words[:-1])} {self.say('and')} {words[-1]}"


def _filled(text: str, values: Mapping[str, object]) -> str:
    if any(isinstance(value, Markup) for value in values.values()):
        return escape(text) % values
    return text % values if values else text


@cache
def _speech(language: Language) -> Speech:
    if language == "en":
        return Speech(language, {})
    data = files("web").joinpath("translations", f"{language}.po").read_bytes()
    catalogue = read_po(io.BytesIO(data), locale=language)
    words: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        if message.id and message.string:
            key = message.id if isinstance(message.id, str) else message.id[0]
            words[key] = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    return Speech(language, words)


def sort_key(text: str) -> tuple[str, ...]:
    """Order words as Norwegian does: æ, ø, å last, capitals and accents aside.

    >>> sorted(["Åsane", "Oslo", "Ølen", "Bergen"], key=sort_key)
    ['Bergen', 'Oslo', 'Ølen', 'Åsane']
    """
    places = {"æ": "{", "ä": "{", "ø": "|", "ö": "|", "å": "}"}
    return tuple(places.get(letter, letter) for letter in text.casefold())
