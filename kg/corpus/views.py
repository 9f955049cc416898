"""The keys that make a view: who holds it, about what, in which words, of which kind."""

from kg.corpus.fields import Fields, shown
from kg.corpus.structure import form
from kg.corpus.vocabulary import Vocabulary
from kg.model import Iri, LiteralTerm, Term

_CODES = ("polarity", "deniedPolarity", "leaning", "degree", "dimension")
_PREFIXES = {"about": ("issue",), "reason": ("value", "effect")}
_OF_EVERY_STATEMENT = frozenset(form("coding", "fact").keys)


def read_view(fields: Fields, kind: str, vocabulary: Vocabulary, language: str) -> dict[str, tuple[Term, ...]]:
    """Return the values of a view by property, in file order; a plain ``verb`` is in *language*."""
    values: dict[str, tuple[Term, ...]] = {}
    own_keys = set(form("coding", kind).keys) - _OF_EVERY_STATEMENT - {"type"}
    for key in fields.node.entries:
        if key in own_keys and (found := _values(fields, key, vocabulary, language)):
            values[key] = found
    _check(fields, kind, values)
    return values


def _values(fields: Fields, key: str, vocabulary: Vocabulary, language: str) -> tuple[Term, ...]:
    if key == "verb":
        words = fields.lang_text(key, language)
        return (LiteralTerm(words.text, words.lang),) if words else ()
    if key == "says":
        return tuple(LiteralTerm(text, tag) for tag, text in fields.labels(key).items())
    if key in _CODES:
        code = fields.choice(key, vocabulary.codes(key))
        return (Iri(f"code:{code}"),) if code else ()
    names = (vocabulary.name(text, fields.notes, _PREFIXES.get(key, ())) for text in fields.scalars(key))
    return tuple(Iri(name) for name in names if name)


def _check(fields: Fields, kind: str, values: dict[str, tuple[Term, ...]]) -> None:
    if len(values.get("about", ())) > 1:
        fields.error(fields.line_of("about"), "a view is about one issue.", hint="Make one statement an issue.")
    if kind == "Stance":
        _check_stance(fields, values)
    elif fields.text("negated") == "true":
        hint = "Code what the source does say: a Stance with negated, a Remark, a Disagreement."
        fields.error(fields.line_of("negated"), f"{_article(kind)} cannot be negated.", value="negated", hint=hint)
    for key in form("coding", kind).pairs:
        if key in fields and len(set(values.get(key, ()))) < 2:
            fields.error(
                fields.line_of(key),
                f"{_article(kind)} needs at least two values of {shown(key)}.",
                value=", ".join(text.value for text in fields.scalars(key)) or None,
                hint="Name both, or code what one of them says as a Stance.",
            )


def _check_stance(fields: Fields, values: dict[str, tuple[Term, ...]]) -> None:
    if len(values.get("holder", ())) > 1:
        hint = "Make one Stance a holder; what a source says they agree on is an Agreement."
        fields.error(fields.line_of("holder"), "a Stance has one holder.", hint=hint)
    if ("polarity" in fields) == ("deniedPolarity" in fields):
        hint = "Give polarity; add negated: true where the holder denies it."
        wrong = "both" if "polarity" in fields else "neither"
        fields.error(
            fields.line_of("polarity"),
            f"a Stance has {shown('polarity')} or {shown('deniedPolarity')}; here it has {wrong}.",
            value="polarity",
            hint=hint,
        )
    if "leaning" in fields and values.get("polarity") not in (None, (Iri("code:mixed"),)):
        fields.error(
            fields.line_of("leaning"),
            f"{shown('leaning')} belongs to a Stance whose polarity is mixed.",
            value=fields.text("leaning"),
            hint="Write polarity: mixed, or remove leaning.",
        )


def _article(kind: str) -> str:
    return f"An {kind}" if kind[0] in "AEIOU" else f"A {kind}"
