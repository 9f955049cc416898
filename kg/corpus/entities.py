"""``corpus.yaml`` and ``entities.yaml``: what the corpus is called, and the identities it speaks of."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kg.corpus.fields import SLUG, WEB_ADDRESS, Fields, Notes, read_yaml, shown
from kg.corpus.structure import check_structure, form
from kg.corpus.vocabulary import ENTITY_PREFIXES, Vocabulary
from kg.corpus.yaml_nodes import Items, Keys, Node
from kg.model import LANGUAGES, DatedName, Entity, Language
from kg.terms import DEFAULT_BASE

_CORPUS_KEYS = ("title", "base", "licence", "languages", "fiction", "name_coders")
_CODED_ONLY = frozenset(("SocialEnterprise",))
"""What an actor is in the eyes of a source is coded with its passage, never declared."""


@dataclass(frozen=True)
class Head:
    """What ``corpus.yaml`` says."""

    title: dict[Language, str]
    base: str = DEFAULT_BASE
    licence: str = ""
    languages: tuple[str, ...] = LANGUAGES
    fiction: bool = False
    name_coders: bool = False


def read_head(path: Path, notes: Notes) -> Head:
    """Read ``corpus.yaml``; what is missing or wrong in it is noted and gets its usual value."""
    node = read_yaml(path, notes)
    if not isinstance(node, Keys):
        if node is not None:
            notes.error(node.line, "corpus.yaml must have keys.", hint="Begin with title: {nn: …, nb: …, en: …}.")
        return Head({})
    fields = Fields(node, notes, _CORPUS_KEYS)
    fields.require("title", "licence")
    base = fields.web_address("base") or DEFAULT_BASE
    if not base.endswith("/"):
        fields.error(fields.line_of("base"), f"the base {shown(base)} must end in a slash.", value=base)
        base += "/"
    languages = tuple(text.value for text in fields.scalars("languages")) or LANGUAGES
    for text in fields.scalars("languages"):
        if text.value not in LANGUAGES:
            message = f"{shown(text.value)} is not a language of this program."
            fields.error(text.line, message, value=text.value, known=LANGUAGES, hint="Choose among nn, nb, en.")
    return Head(
        title=fields.labels("title"),
        base=base,
        licence=fields.text("licence") or "",
        languages=languages,
        fiction=fields.flag("fiction"),
        name_coders=fields.flag("name_coders"),
    )


@dataclass(frozen=True)
class Declared:
    """The entities that could be read, and every name that is declared or is a source's own.

    *readable* is false where there was no list to read at all.
    """

    entities: tuple[Entity, ...]
    names: frozenset[str]
    readable: bool = True


def read_entities(path: Path, notes: Notes, sources: Iterable[str]) -> Declared:
    """Read ``entities.yaml``, a list; *sources* are the ids of the folders, which need no entry."""
    own = frozenset(f"source:{id}" for id in sources)
    node = read_yaml(path, notes) if path.exists() else _missing(notes)
    if not isinstance(node, Items):
        if node is not None:
            notes.error(node.line, "entities.yaml must be a list.", hint="Begin each entity with: - iri: actor:…")
        return Declared((), own, readable=False)
    entries = [Fields(item, notes, form("entities", "entity").keys) for item in node.items if isinstance(item, Keys)]
    for item in node.items:
        if not isinstance(item, Keys):
            notes.error(item.line, "an entity must have keys.", hint="Write - iri: actor:…")
    vocabulary = Vocabulary(own | frozenset(_iris(entries, notes)))
    entities: dict[str, Entity] = {}
    for fields in entries:
        if entity := _entity(fields, vocabulary):
            entities.setdefault(entity.iri, entity)
    check_structure("entities", node, notes)
    return Declared(tuple(entities.values()), vocabulary.entities)


def _missing(notes: Notes) -> Node | None:
    notes.error(
        None, "the file is missing.", hint="Declare in it whom and what the codings speak of (a list; [] if nothing)."
    )
    return None


def _iris(entries: Iterable[Fields], notes: Notes) -> Iterable[str]:
    """Yield the names that *entries* declare, each once, in their right form."""
    first: dict[str, int] = {}
    for fields in entries:
        found = fields.scalar("iri")
        if found is None:
            continue
        if found.value in first:
            message = f"{shown(found.value)} is already declared on line {first[found.value]}."
            notes.error(found.line, message, value=found.value, hint="Keep one of them.")
        elif _is_entity_name(found.value):
            first[found.value] = found.line
            yield found.value
        else:
            prefix = found.value.partition(":")[0]
            hint = f"Write one of {', '.join(f'{p}:' for p in ENTITY_PREFIXES)} and a name of a-z, 0-9 and hyphens."
            known = () if prefix in ENTITY_PREFIXES else ENTITY_PREFIXES
            notes.error(
                found.line, f"{shown(found.value)} is not a name for an entity.", value=prefix, known=known, hint=hint
            )


def _is_entity_name(name: str) -> bool:
    prefix, _, local = name.partition(":")
    return prefix in ENTITY_PREFIXES and SLUG.fullmatch(local) is not None


def _entity(fields: Fields, vocabulary: Vocabulary) -> Entity | None:
    iri = fields.text("iri")
    fields.require(*form("entities", "entity").required)
    entity = Entity(
        iri=iri or "",
        types=_types(fields, vocabulary),
        label=fields.labels("label"),
        alt=fields.lang_texts("alt"),
        names=_dated(fields, "names", "text"),
        identifiers=_dated(fields, "identifiers", "value"),
        within=_one(fields, vocabulary, "within", "place"),
        subgroup_of=_one(fields, vocabulary, "subgroupOf", "actor"),
        concerns=tuple(filter(None, (vocabulary.name(text, fields.notes) for text in fields.scalars("concerns")))),
        definition=fields.labels("definition"),
        note=fields.text("note"),
        match=_matches(fields),
        loaded=fields.flag("loaded", default=True),
        line=fields.line,
    )
    return entity if _is_entity_name(entity.iri) and entity.label else None


def _types(fields: Fields, vocabulary: Vocabulary) -> tuple[str, ...]:
    classes = vocabulary.kinds("class")
    known = []
    for text in fields.scalars("type"):
        if text.value in _CODED_ONLY:
            hint = f"Code it: p: type, o: {text.value}, with the passage that says so."
            fields.error(text.line, f"{shown(text.value)} is knowledge, not identity.", value=text.value, hint=hint)
        elif text.value not in classes:
            fields.error(text.line, f"{shown(text.value)} is not a class.", value=text.value, known=classes)
        else:
            known.append(text.value)
    return tuple(known)


def _one(fields: Fields, vocabulary: Vocabulary, key: str, prefix: str) -> str | None:
    found = fields.scalar(key)
    return vocabulary.name(found, fields.notes, (prefix,)) if found else None


def _dated(fields: Fields, key: str, value: str) -> tuple[DatedName, ...]:
    extra = "lang" if value == "text" else "scheme"
    found = []
    for node in fields.mappings(key):
        inner = Fields(node, fields.notes, (value, extra, "from", "to"))
        inner.require(value, *(["scheme"] if extra == "scheme" else []))
        if words := inner.text(value):
            begin, end = inner.year_or_day("from"), inner.year_or_day("to")
            found.append(
                DatedName(
                    words,
                    lang=inner.language("lang") if extra == "lang" else None,
                    scheme=inner.text("scheme") if extra == "scheme" else None,
                    valid_from=begin,
                    valid_to=end,
                )
            )
    return tuple(found)


def _matches(fields: Fields) -> tuple[str, ...]:
    found = fields.scalars("match")
    for text in found:
        if not WEB_ADDRESS.fullmatch(text.value):
            hint = "Write the whole address, https://…"
            fields.error(text.line, f"{shown(text.value)} is not a web address.", value=text.value, hint=hint)
    return tuple(text.value for text in found if WEB_ADDRESS.fullmatch(text.value))
