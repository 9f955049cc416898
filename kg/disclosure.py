"""What may leave the house: the public part of a corpus by allow-list, and a gate that reads all that is written."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Literal

from kg.dataset import passage_name, statement_name
from kg.model import Coder, Corpus, Entity, Iri, LiteralTerm, Problem, Source, Statement, Term
from kg.terms import Terms

RUN = 6
"""So many words in a row tell whose text it is."""

NUMBERS = 0
"""Stands for runs of figures, which tell nothing."""

LeakKind = Literal["words", "name", "source", "coder", "contact"]
KINDS: Mapping[LeakKind, str] = {
    "words": f"{RUN} or more words in a row from a source that is not open",
    "name": "a name that only sources that are not open use",
    "source": "the id or title of a source that is not open",
    "coder": "a coder of sources that are not open",
    "contact": "an e-mail address, telephone number or national identity number from a source that is not open",
}
PUBLISHED = ("accepted", "candidate")

WORD = re.compile(r"[^\W_]+")
ESCAPE = re.compile(r"\\(?:u|U0000|U0001)([0-9A-Fa-f]{4})|\\[tbnrf\"'\\/]")
CONTACT = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]*\w"
    r"|(?<![\w+])(?:(?:\+|00)47[ ]?)?(?:\d{8}|\d{2}(?:[ ]\d{2}){3}|\d{3}[ ]\d{2}[ ]\d{3})(?!\w)"
    r"|(?<!\w)\d{6}[ ]?\d{5}(?!\w)"
)
IDENTIFIER = re.compile(r"https?://[^\s<>\"{}|^`\\]+|\w+:[\w/-]+|[\w-]+")
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\ufeff"))
FOLDED = str.maketrans({"ø": "o", "æ": "ae", "đ": "d", "ł": "l", "ß": "ss"})


@dataclass(frozen=True)
class Leak:
    """Something confidential in a text that was about to be written: what kind and where, never the words."""

    kind: LeakKind
    file: str
    line: int
    about: str | None = None

    def __str__(self) -> str:
        place = f", in what is said of {self.about}" if self.about else ""
        return f"{self.file}, line {self.line}{place}: {KINDS[self.kind]}."


def public(corpus: Corpus) -> Corpus:
    """Return what of *corpus* may be public: open sources, the entities they lead to, their coders.

    An allow-list: a field that is not named here does not travel. Approval references and the names
    of coders (unless the corpus says so) stay behind, and so does every problem outside the open
    sources' own folders.
    """
    sources = tuple(_public_source(source, corpus) for source in corpus.sources if source.access == "open")
    reached = _reached(sources, corpus)
    return Corpus(
        path=corpus.path,
        title=corpus.title,
        base=corpus.base,
        licence=corpus.licence,
        languages=corpus.languages,
        fiction=corpus.fiction,
        name_coders=corpus.name_coders,
        entities=tuple(entity for entity in corpus.entities if entity.iri in reached),
        sources=sources,
        problems=_public_problems(corpus),
    )


def leaks(corpus: Corpus, texts: Iterable[tuple[str, bytes | str]], known: Iterable[str] = ()) -> tuple[Leak, ...]:
    """Search *texts* (name and content of every file about to be written) for what *corpus* holds back.

    *corpus* is the whole corpus, not its public part. *known* are texts that are public anyhow,
    such as the ontology; like the text of open sources they cannot give anything away. Words are
    compared without case, accents and punctuation.
    """
    secrets = _Secrets(corpus, tuple(known))
    if not secrets.sources:
        return ()
    return tuple(chain.from_iterable(_found_in(name, content, secrets) for name, content in texts))


def _public_source(source: Source, corpus: Corpus) -> Source:
    return Source(
        id=source.id,
        kind=source.kind,
        title=source.title,
        access=source.access,
        authors=source.authors,
        lang=source.lang,
        short=source.short,
        issued=source.issued,
        commissioner=source.commissioner,
        contractor=source.contractor,
        publisher=source.publisher,
        url=source.url,
        retrieved=source.retrieved,
        sha256=source.sha256,
        licence=source.licence,
        digest=source.digest,
        coded=source.coded,
        speakers=source.speakers,
        document=replace(source.document, warnings=()) if source.document else None,
        coders=tuple(coder if corpus.name_coders else replace(coder, name=coder.id) for coder in source.coders),
        statements=tuple(statement for statement in source.statements if statement.status in PUBLISHED),
        metadata_passages=source.metadata_passages,
    )


def _public_problems(corpus: Corpus) -> tuple[Problem, ...]:
    folders = tuple(f"sources/{source.id}/" for source in corpus.sources if source.access == "open")
    return tuple(problem for problem in corpus.problems if problem.file.startswith(folders))


def _reached(sources: Iterable[Source], corpus: Corpus) -> frozenset[str]:
    """Return the names that *sources* use, and those that the entities among them lead to."""
    entities = {entity.iri: entity for entity in corpus.entities}
    todo = [name for source in sources for name in _names_in(source)]
    reached: set[str] = set()
    while todo:
        name = todo.pop()
        if name in reached:
            continue
        reached.add(name)
        if name in entities:
            todo += _names_of(entities[name])
    return frozenset(reached)


def _names_in(source: Source) -> Iterator[str]:
    """Return the names that *source* uses; of one that is open, those that what it publishes uses."""
    yield f"source:{source.id}"
    yield from chain(source.authors, source.commissioner, source.contractor, source.publisher)
    yield from (speaker.agent for speaker in source.speakers)
    for statement in source.statements:
        if statement.status == "accepted" or source.access != "open":
            yield from _names_said(statement)


def _names_said(statement: Statement) -> Iterator[str]:
    yield from statement.asserted_by
    yield from (name for name in (statement.subject, statement.per) if name)
    yield from (term.name for term in _terms_of(statement) if isinstance(term, Iri))


def _terms_of(statement: Statement) -> Iterator[Term]:
    if statement.object is not None:
        yield statement.object
    yield from chain.from_iterable(statement.values.values())


def _names_of(entity: Entity) -> Iterator[str]:
    yield from (name for name in (entity.within, entity.subgroup_of) if name)
    yield from entity.concerns


class _Secrets:
    """What *corpus* holds back, in forms that are quick to look up."""

    def __init__(self, corpus: Corpus, known: tuple[str, ...]) -> None:
        self.corpus = corpus
        self.terms = Terms(corpus.base)
        self.sources = tuple(source for source in corpus.sources if source.access != "open")
        self.open = public(corpus)
        self.known = known + tuple(source.document.text for source in self.open.sources if source.document)

    @cached_property
    def entities(self) -> tuple[Entity, ...]:
        """The entities that only sources that are not open use."""
        shown = {entity.iri for entity in self.open.entities}
        used = _reached(self.sources, self.corpus) - shown
        return tuple(entity for entity in self.corpus.entities if entity.iri in used)

    @cached_property
    def coders(self) -> tuple[Coder, ...]:
        shown = {coder.id for source in self.open.sources for coder in source.coders}
        return tuple(coder for source in self.sources for coder in source.coders if coder.id not in shown)

    @cached_property
    def runs(self) -> frozenset[int]:
        """Hashes of every run of :data:`RUN` words that is in confidential text and in no open one."""
        alike = _runs_in(text for entity in self.open.entities for text in _described(entity))
        described = _runs_in(text for entity in self.entities for text in _described(entity)) - alike
        return (_runs_in(self.texts()) | described) - _runs_in(self.known) - {NUMBERS}

    @cached_property
    def names(self) -> Mapping[str, tuple[tuple[tuple[str, ...], LeakKind], ...]]:
        """First folded word → the names that begin with it, as words."""
        found: dict[str, dict[tuple[tuple[str, ...], LeakKind], None]] = {}
        for name, kind in self._named():
            words = tuple(_folded(name))
            if len(words) > 1 or name[:1].isupper():
                for form in (words, (*words[:-1], words[-1] + "s")):
                    if f" {' '.join(form)} " not in self._known_words:
                        found.setdefault(form[0], {})[form, kind] = None
        return {first: tuple(names) for first, names in found.items()}

    @cached_property
    def identifiers(self) -> Mapping[str, LeakKind]:
        """CURIEs, IRIs and ids that stand for something confidential."""
        found: dict[str, LeakKind] = {entity.iri: "name" for entity in self.entities}
        found |= {f"coder:{coder.id}": "coder" for coder in self.coders}
        for source in self.sources:
            found |= dict.fromkeys(_identifiers(source), "source")
        full: dict[str, LeakKind] = {self.terms.expand(name): kind for name, kind in found.items()}
        return found | full

    @cached_property
    def contacts(self) -> frozenset[str]:
        notes = chain.from_iterable(map(_described, self.entities))
        hidden = {contact for text in chain(self.texts(), notes) for contact in _contacts(text)}
        return frozenset(hidden - {contact for text in self.known for contact in _contacts(text)})

    def texts(self) -> Iterator[str]:
        """Return the confidential texts: documents and what coders wrote about them."""
        for source in self.sources:
            if source.document:
                yield source.document.text
            for statement in source.statements:
                yield from _words_of(statement)

    def _named(self) -> Iterator[tuple[str, LeakKind]]:
        for entity in self.entities:
            yield from ((label, "name") for label in _labels(entity))
        for source in self.sources:
            yield from ((title, "source") for title in (source.title.text, source.short) if title)
            yield from ((speaker.label, "name") for speaker in source.speakers if not speaker.interviewer)
        yield from ((coder.name, "coder") for coder in self.coders)

    @cached_property
    def _known_words(self) -> str:
        """Return all public words in a row, between blanks."""
        titles = [title for source in self.open.sources for title in (source.title.text, source.short or "")]
        labels = [label for entity in self.open.entities for label in _labels(entity)]
        texts = chain(self.known, titles, labels, self.corpus.title.values())
        return " ".join(chain([""], *(chain(_folded(text), [""]) for text in texts), [""]))


def _found_in(name: str, content: bytes | str, secrets: _Secrets) -> Iterator[Leak]:
    text = _unescaped(content)
    breaks = [match.start() for match in re.finditer("\n", text)]
    told: set[tuple[LeakKind, int]] = set()
    for kind, where in chain(_search(name, secrets), _search(text, secrets)):
        line = bisect_right(breaks, where)
        if (kind, line) not in told:
            told.add((kind, line))
            yield Leak(kind, name, line + 1, _about(text, breaks, line, secrets))


def _search(text: str, secrets: _Secrets) -> Iterator[tuple[LeakKind, int]]:
    """Return what kind of confidential thing stands where in *text*."""
    words = [(_fold(match[0]), match.start()) for match in WORD.finditer(text)]
    folded = [word for word, _ in words]
    for at, run in enumerate(_runs(folded)):
        if run in secrets.runs:
            yield "words", words[at][1]
    for at, (word, start) in enumerate(words):
        for name, kind in secrets.names.get(word, ()):
            if tuple(folded[at : at + len(name)]) == name and (len(name) > 1 or text[start].isupper()):
                yield kind, start
    for match in IDENTIFIER.finditer(text):
        if known_as := secrets.identifiers.get(match[0]):
            yield known_as, match.start()
    for match in CONTACT.finditer(text):
        if _contact(match[0]) in secrets.contacts:
            yield "contact", match.start()


def _about(text: str, breaks: list[int], line: int, secrets: _Secrets) -> str | None:
    """Return the subject of an N-Quads line, where it is not itself what must not be told."""
    start = breaks[line - 1] + 1 if line else 0
    subject = re.match(r"<([^>]*)>", text[start : start + 400])
    name = secrets.terms.compress(subject[1]) if subject else None
    return name if name and not any(_search(name, secrets)) else None


def _identifiers(source: Source) -> Iterator[str]:
    yield from (f"source:{source.id}", f"graph:source/{source.id}", f"graph:interpreted/{source.id}")
    yield from (f"coding:{source.id}-{coder.id}" for coder in source.coders)
    yield from (statement_name(statement) for statement in source.statements)
    yield from (passage_name(statement.passage) for statement in source.statements)
    if re.search(r"[-\d]", source.id):  # a plain word would be found where nothing is meant
        yield source.id


def _words_of(statement: Statement) -> Iterator[str]:
    yield from filter(None, (statement.note, statement.passage.anchor, statement.passage.locator))
    yield from (reason.text for reason in statement.because)
    yield from (statement.passage.exact, statement.passage.prefix + statement.passage.exact + statement.passage.suffix)
    if statement.condition:
        yield statement.condition.text
    yield from (term.value for term in _terms_of(statement) if isinstance(term, LiteralTerm))


def _described(entity: Entity) -> Iterator[str]:
    yield from entity.definition.values()
    yield from filter(None, (entity.note,))


def _labels(entity: Entity) -> Iterator[str]:
    yield from entity.label.values()
    yield from (other.text for other in entity.alt)
    yield from (name.value for name in entity.names)


def _unescaped(content: bytes | str) -> str:
    """Return what a file says as running text: the escapes of JSON and N-Quads undone."""
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    return _readable(ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else " ", text))


def _readable(text: str) -> str:
    return unicodedata.normalize("NFC", text.translate(INVISIBLE))


def _folded(text: str) -> list[str]:
    return [_fold(word) for word in WORD.findall(_readable(text))]


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))
    return bare.casefold().translate(FOLDED)


def _runs(words: list[str]) -> Iterator[int]:
    """Return a hash for each run of :data:`RUN` words; rows that are mostly numbers all give the same one."""
    for at in range(len(words) - RUN + 1):
        run = words[at : at + RUN]
        yield hash(" ".join(run)) if sum(word.isalpha() for word in run) * 2 >= RUN else NUMBERS


def _runs_in(texts: Iterable[str]) -> frozenset[int]:
    return frozenset(run for text in texts for run in _runs(_folded(text)))


def _contacts(text: str) -> Iterator[str]:
    return (_contact(match[0]) for match in CONTACT.finditer(_readable(text)))


def _contact(found: str) -> str:
    """Return an address in lower case, or the last eight or eleven digits of a number."""
    if "@" in found:
        return found.lower()
    digits = re.sub(r"\D", "", found)
    return digits if len(digits) == 11 else digits[-8:]
