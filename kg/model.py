"""The nouns that flow through the house, from document to finding, and the tree of errors.

Everything here is frozen. Offsets are Unicode code points in the NFC-normalised canonical text of
a document, end-exclusive. Years are integers, days are :class:`datetime.date`. IRIs of our own
names travel as CURIEs (``initiative:bokontakt``) until :mod:`kg.dataset` writes RDF.

Errors::

    BustadgrafError
    ├── InputError          wrong use or unreadable input            exit code 2
    │   ├── ReadError       a document that cannot be read
    │   └── CorpusError     a corpus folder that cannot be opened at all
    ├── EnvironmentFailure  disk, permission, deadline               exit code 3
    └── QueryError          a query that gave no answer
        ├── QuerySyntaxError    QueryForbidden    UnknownGraph    UnknownFunction
        ├── DeadlineExceeded    MemoryExceeded    AnswerTooLarge
        └── EngineUnavailable
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

Language = Literal["nn", "nb", "en"]
LANGUAGES: tuple[Language, ...] = ("nn", "nb", "en")

Access = Literal["open", "project", "restricted"]
Severity = Literal["violation", "warning", "info"]


class BustadgrafError(Exception):
    """The root of every error this program raises on purpose."""


class InputError(BustadgrafError):
    """Wrong use or unreadable input: what, where, and what to do."""


class ReadError(InputError):
    """A document that cannot be read."""


class CorpusError(InputError):
    """A corpus folder that cannot be opened at all (no ``corpus.yaml``, not a folder)."""


class EnvironmentFailure(BustadgrafError):
    """The surroundings failed: disk full, no permission."""


class QueryError(BustadgrafError):
    """A query that gave no answer.

    *wording* says why in English, with a mark ``%(name)s`` for each of *values*: so it can be told in another language.
    """

    def __init__(self, wording: str, **values: object) -> None:
        super().__init__(wording % values if values else wording)
        self.wording = wording
        self.values: Mapping[str, object] = values


class QuerySyntaxError(QueryError):
    """The text is not SPARQL 1.1; *line* and *column* count from 1 and stand in the message too, where known."""

    def __init__(self, wording: str, line: int | None = None, column: int | None = None, **values: object) -> None:
        super().__init__(wording, **values)
        self.line = line
        self.column = column

    def __str__(self) -> str:
        said = super().__str__()
        return said if self.line is None else f"Line {self.line}, column {self.column}: {said}"


class QueryForbidden(QueryError):
    """The query asks for something the service refuses: update, SERVICE, files."""


class UnknownGraph(QueryError):
    """A graph named in FROM or in the protocol that the data set does not hold."""

    def __init__(self, graph: str) -> None:
        super().__init__("There is no graph <%(graph)s> here.", graph=graph)


class UnknownFunction(QueryError):
    """A function called by its IRI that this engine does not have."""

    def __init__(self, function: str) -> None:
        super().__init__("There is no function <%(function)s> here.", function=function)


class DeadlineExceeded(QueryError):
    """The query ran longer than allowed."""

    def __init__(self, limit_s: float) -> None:
        wording = "The query was stopped after %(limit)s seconds, the limit of this service."
        super().__init__(wording, limit=f"{limit_s:g}")
        self.limit_s = limit_s


class MemoryExceeded(QueryError):
    """The query needed more memory than allowed."""

    def __init__(self, limit_mb: int) -> None:
        wording = "The query was stopped: it needed more than %(limit)s MB of memory, the limit of this service."
        super().__init__(wording, limit=limit_mb)
        self.limit_mb = limit_mb


class AnswerTooLarge(QueryError):
    """The answer is larger than allowed; none of it was given."""

    def __init__(self, limit_mb: int) -> None:
        wording = "The answer is larger than %(limit)s MB, the limit of this service. Ask for less, or add a LIMIT."
        super().__init__(wording, limit=limit_mb)
        self.limit_mb = limit_mb


class EngineUnavailable(QueryError):
    """No worker or no remote service could take the query."""


@dataclass(frozen=True)
class Problem:
    """Something wrong in an input file, told so that a person can mend it.

    *file* is relative to the corpus folder; *line* counts from 1 (``None``: the whole file).
    """

    file: str
    line: int | None
    message: str
    value: str | None = None
    nearest: tuple[str, ...] = ()
    hint: str | None = None
    kind: Literal["error", "orphan", "warning"] = "error"

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        near = f" Nearest: {', '.join(self.nearest)}." if self.nearest else ""
        todo = f" {self.hint}" if self.hint else ""
        return f"{where}: {self.message}{near}{todo}"


BlockKind = Literal["title", "heading", "para", "bullet", "number", "cell", "turn"]


@dataclass(frozen=True)
class Block:
    """A stretch of the canonical text that belongs together: a paragraph, a heading, a turn."""

    kind: BlockKind
    start: int
    end: int
    level: int | None = None
    speaker: str | None = None
    lang: str | None = None


@dataclass(frozen=True)
class Document:
    """A file as it was read.

    *text* is canonical: NFC, LF, no BOM, no soft hyphens. *sha256* is of the file's bytes. *blocks*
    are sorted and do not overlap; no block begins or ends with white space. *warnings* say what the
    reader had to guess (an encoding, a lone label).
    """

    id: str
    media_type: str
    sha256: str
    lang: str | None
    text: str
    blocks: tuple[Block, ...]
    speakers: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class LangText:
    """A string with its language tag; an empty tag where the writer named no language."""

    text: str
    lang: str


@dataclass(frozen=True)
class Iri:
    """A name of ours as CURIE (``group:refugees``), or a full IRI."""

    name: str


@dataclass(frozen=True)
class LiteralTerm:
    """A literal object of a fact: {text, lang} or {value, datatype}; datatype is a CURIE (``xsd:integer``)."""

    value: str
    lang: str | None = None
    datatype: str | None = None


Term = Iri | LiteralTerm


@dataclass(frozen=True)
class Passage:
    """The stretch of a document that carries a statement."""

    source: str
    start: int
    end: int
    exact: str
    prefix: str
    suffix: str
    locator: str
    anchor: str | None = None


@dataclass(frozen=True)
class DatedName:
    """A name or identifier and the years or days it held (inclusive; ``None``: open)."""

    value: str
    lang: str | None = None
    scheme: str | None = None
    valid_from: int | date | None = None
    valid_to: int | date | None = None


@dataclass(frozen=True)
class Entity:
    """An identity declared in ``entities.yaml``: identity, not knowledge."""

    iri: str
    types: tuple[str, ...]
    label: Mapping[Language, str]
    alt: tuple[LangText, ...] = ()
    names: tuple[DatedName, ...] = ()
    identifiers: tuple[DatedName, ...] = ()
    within: str | None = None
    subgroup_of: str | None = None
    concerns: tuple[str, ...] = ()
    definition: Mapping[Language, str] = field(default_factory=dict)
    note: str | None = None
    match: tuple[str, ...] = ()
    loaded: bool = True
    line: int = 0


FACT = "Fact"
VIEWS = ("Stance", "Expectation", "Remark", "Comparison", "Agreement", "LessAgreement", "Disagreement", "Tension")


@dataclass(frozen=True)
class Statement:
    """One entry under ``says:`` in a coding file, anchored.

    *kind* is ``Fact`` or one of :data:`VIEWS`. A fact fills *subject*, *predicate* (a local name
    of ``terms.csv`` or ``type``) and *object*. A view keeps its keys in *values*: local name of
    the property → objects, in file order, code values already as ``code:…``. *valid_from* and
    *valid_to* are the time in which the source says that a fact holds (inclusive). *status* decides
    where it goes: accepted statements into the data, candidates into a store of their own.
    """

    id: str
    source: str
    coder: str
    kind: str
    passage: Passage
    basis: str
    modality: str
    coded: date
    line: int
    file: str
    negated: bool = False
    because: tuple[LangText, ...] = ()
    subject: str | None = None
    predicate: str | None = None
    object: Term | None = None
    values: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)
    asserted_by: tuple[str, ...] = ()
    per: str | None = None
    as_of: int | date | None = None
    valid_from: int | date | None = None
    valid_to: int | date | None = None
    sure: str | None = None
    status: str = "accepted"
    quantifier: str | None = None
    condition: LangText | None = None
    note: str | None = None


@dataclass(frozen=True)
class Speaker:
    """A label in a transcript and the pseudonymous agent behind it."""

    label: str
    agent: str
    interviewer: bool = False


@dataclass(frozen=True)
class Coder:
    """Who coded: an id and a name that may be a role."""

    id: str
    name: str
    ontology: str
    coded: date


NOT_STATED = "not-stated"
"""The licence of a source in which one was looked for and not found."""


@dataclass(frozen=True)
class Source:
    """A document or interview with what is known of it and what people coded in it.

    *lang* is the language ``source.yaml`` declares, else the one most of the text is in. *short*
    is a short name such as ``Ervik & Lindén 2016``; ``None``: family names and year. *licence* is an
    address, words, or `NOT_STATED`: looked for where the source was read, and not found. *extent*
    says in words which part was read; of a digest, *sha256* is of the original as it was read.
    """

    id: str
    kind: Literal["document", "interview"]
    title: LangText
    access: Access
    authors: tuple[str, ...] = ()
    lang: str | None = None
    short: str | None = None
    issued: int | date | None = None
    commissioner: tuple[str, ...] = ()
    contractor: tuple[str, ...] = ()
    publisher: tuple[str, ...] = ()
    url: str | None = None
    retrieved: date | None = None
    sha256: str | None = None
    licence: str | None = None
    digest: bool = False
    coded: Literal["complete", "partial", "none"] = "none"
    extent: Mapping[Language, str] = field(default_factory=dict)
    approval: str | None = None
    speakers: tuple[Speaker, ...] = ()
    document: Document | None = None
    coders: tuple[Coder, ...] = ()
    statements: tuple[Statement, ...] = ()
    metadata_passages: Mapping[str, Passage] = field(default_factory=dict)


@dataclass(frozen=True)
class Corpus:
    """A corpus folder as it was read; *problems* holds everything that is wrong with it."""

    path: Path
    title: Mapping[Language, str]
    base: str
    licence: str
    languages: tuple[str, ...]
    fiction: bool
    entities: tuple[Entity, ...]
    sources: tuple[Source, ...]
    problems: tuple[Problem, ...] = ()
    name_coders: bool = False


@dataclass(frozen=True)
class Finding:
    """One SHACL result in words.

    *focus* and *value* are IRIs or literals as text, *label* is the focus node's label per
    language, *passage* the IRI of the passage to look at (``None``: none).
    """

    severity: Severity
    shape: str
    focus: str
    path: str | None
    value: str | None
    message: Mapping[Language, str]
    label: Mapping[Language, str]
    passage: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Saying:
    """Where something is said: a statement with its passage, or a file that declares it.

    *statement*, *passage* and *source* are IRIs; *place* is ``file:line`` where the data comes from a corpus folder.
    """

    statement: str | None = None
    text: str | None = None
    locator: str | None = None
    passage: str | None = None
    source: str | None = None
    place: str | None = None


@dataclass(frozen=True)
class Reason:
    """One of several things that cannot all be true: an axiom of the ontology, or what the data says.

    *turtle* is the same for machines; *said* lists who says it, for data only.
    """

    kind: Literal["axiom", "data"]
    turtle: str
    message: Mapping[Language, str]
    said: tuple[Saying, ...] = ()


@dataclass(frozen=True)
class Contradiction(Finding):
    """What rules or an OWL reasoner found, told as findings of shapes are; *because* is a smallest set of reasons."""

    because: tuple[Reason, ...] = ()
