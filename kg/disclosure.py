"""What may leave the house: the public part of a corpus by allow-list, and a gate that reads all that is written."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, pairwise
from typing import Literal

from kg.dataset import passage_name, statement_name
from kg.model import Coder, Corpus, Entity, Iri, LiteralTerm, Problem, Source, Statement, Term
from kg.terms import Terms

RUN = 6
"""So many words in a row tell whose text it is."""

NUMBERS = 0
"""Stands for runs of figures, which tell nothing."""

LeakKind = Literal["words", "name", "undeclared", "source", "coder", "contact"]
KINDS: Mapping[LeakKind, str] = {
    "words": f"{RUN} or more words in a row from a source that is not open",
    "name": "a name that only sources that are not open use",
    "undeclared": "what looks like a name and stands only in sources that are not open (leave it out; "
    "a name that is public belongs in entities.yaml, used in an open source)",
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
ADDRESS = re.compile(r"\S+@\S+|https?://\S+")
JOINT = re.compile(r"[^\S\n]+|[^\S\n]*\n[^\S\n]*|[-'’]")
"""What may stand between two parts of a name; after an initial also a full stop."""
BREAK = re.compile(r"[^\w\s,;-]|\n")
"""A capital after this may be that of a sentence, a line or a quotation."""
PARTICLES = frozenset(("von", "van", "der", "de", "la", "di", "du", "zu", "el", "al", "bin"))
LONGEST_NAME = 6
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
        extent=source.extent,
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

    @cached_property
    def undeclared(self) -> Mapping[tuple[str, ...], bool]:
        """Return what looks like a name in confidential text only: its stems → whether its capitals make it one.

        Two capitalised words in a row, unless all public words know them so or the first may have its
        capital from the beginning of a sentence. Where both are unheard of in public, the second alone too.
        """
        texts = [_readable(ADDRESS.sub(" ", text)) for text in self._written()]
        rows = [row for text in texts for row in _capitalised(text)]
        if not rows:
            return {}
        public = [_readable(text) for text in self._public_texts]
        shown = [_stems(text) for text in public]
        pairs, common = {pair for stems in shown for pair in pairwise(stems)}, _in_lower_case([*texts, *public])
        described = (_stems(text) for entity in self.open.entities for text in _described(entity))
        heard_of = common.union(*shown, *described)
        found: dict[tuple[str, ...], bool] = {}
        for one, other in chain.from_iterable(_names_among(row, pairs) for row in rows):
            if all(part.sure or part.stem not in common for part in (one, other)):
                alien = one.stem not in heard_of and other.stem not in heard_of
                found[one.stem, other.stem] = not alien
                if alien and other.sure and len(other.stem) > 2:
                    found[(other.stem,)] = True
        return found

    def _written(self) -> Iterator[str]:
        """Return what confidential sources and their coders wrote, each text whole."""
        for source in self.sources:
            if source.document:
                yield source.document.text
            yield from chain.from_iterable(map(_remarks, source.statements))
        yield from (entity.note for entity in self.entities if entity.note)

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
        return " ".join(chain([""], *(chain(_folded(text), [""]) for text in self._public_texts), [""]))

    @cached_property
    def _public_texts(self) -> tuple[str, ...]:
        titles = [title for source in self.open.sources for title in (source.title.text, source.short or "")]
        labels = [label for entity in self.open.entities for label in _labels(entity)]
        coders = [coder.name for source in self.open.sources for coder in source.coders]
        asking = [speaker.label for source in self.sources for speaker in source.speakers if speaker.interviewer]
        return (*self.known, *titles, *labels, *self.corpus.title.values(), *coders, *asking)


@dataclass(frozen=True)
class _Part:
    """A capitalised word; *sure* where no beginning of a sentence and no row of capitals explains its capital."""

    stem: str
    sure: bool


def _capitalised(text: str) -> Iterator[list[_Part]]:
    """Return the rows of two or more capitalised words in *text*."""
    row: list[_Part] = []
    end, initial = 0, False
    for match in WORD.finditer(text):
        word, gap = match[0], text[end : match.start()]
        shortened = initial and gap.rstrip() == "."
        joined = shortened or bool(JOINT.fullmatch(gap))
        if shortened and row:
            row[-1] = replace(row[-1], sure=True)
        particle = joined and bool(row) and word in PARTICLES
        if not particle and not (joined and word[0].isupper()):
            if len(row) > 1:
                yield row
            row = []
        if word[0].isupper():
            sure = end > 0 and not BREAK.search(gap) and not (len(word) > 1 and word.isupper())
            row.append(_Part(_stem(_fold(word)), sure))
        end, initial = match.end(), len(word) == 1
    if len(row) > 1:
        yield row


def _names_among(row: list[_Part], known: Container[tuple[str, str]]) -> Iterator[tuple[_Part, _Part]]:
    """Return each two parts of a *row*, in order, that are not known side by side or by what is between them."""
    for first, one in enumerate(row):
        unknown = False
        for before, other in pairwise(row[first : first + LONGEST_NAME]):
            unknown = unknown or (before.stem, other.stem) not in known
            if unknown and (one.stem, other.stem) not in known:
                yield one, other


def _in_lower_case(texts: Iterable[str]) -> frozenset[str]:
    words = (match[0] for text in texts for match in WORD.finditer(text))
    return frozenset(_stem(_fold(word)) for word in words if word[0].islower())


def _stems(text: str) -> list[str]:
    """Return the words of *text* as names are compared: without case, genitives and particles."""
    return [_stem(word) for word in _folded(text) if word not in PARTICLES]


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


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
    yield from (("undeclared", at) for at in _undeclared(text, words, secrets.undeclared))
    for match in IDENTIFIER.finditer(text):
        if known_as := secrets.identifiers.get(match[0]):
            yield known_as, match.start()
    for match in CONTACT.finditer(text):
        if _contact(match[0]) in secrets.contacts:
            yield "contact", match.start()


def _undeclared(text: str, words: list[tuple[str, int]], names: Mapping[tuple[str, ...], bool]) -> Iterator[int]:
    """Return where the words (folded, with their places in *text*) make one of *names*."""
    parts = [(_stem(word), at) for word, at in words if word not in PARTICLES] if names else []
    for number, (stem, at) in enumerate(parts):
        for name in (tuple(each for each, _ in parts[number : number + 2]), (stem,)):
            places = [place for _, place in parts[number : number + len(name)]]
            if name in names and (not names[name] or all(text[place].isupper() for place in places)):
                yield at
                break


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
    passage = statement.passage
    yield from _remarks(statement)
    yield from filter(None, (passage.anchor, passage.locator))
    yield from (passage.exact, passage.prefix + passage.exact + passage.suffix)


def _remarks(statement: Statement) -> Iterator[str]:
    """Return what a coder wrote."""
    yield from filter(None, (statement.note,))
    yield from (reason.text for reason in statement.because)
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
