"""What a format is: what it takes from, what it gives, and what every file says of itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from kg.engine import Engine
from kg.interchange import Left
from kg.model import Language
from kg.resources import text
from kg.snapshot import Snapshot
from kg.terms import Terms

DEADLINE_S = 600.0  # for a query over everything; nobody else waits for it
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Imprint:
    """What every file says of itself: which snapshot, called what, of which day, under which licence.

    *day* is the newest day on which a source was fetched or a statement coded (ISO 8601), ``None`` where no source
    has one: a snapshot holds no clock. *address* is the IRI of the snapshot.
    """

    snapshot: str
    title: str
    licence: str
    day: str | None
    address: str
    fiction: bool

    def __str__(self) -> str:
        of = f", data of {self.day}" if self.day else ""
        fiction = " Fiction." if self.fiction else ""
        return f"{self.title}. Snapshot {self.snapshot}{of}, licence {self.licence}.{fiction}"


@dataclass(frozen=True)
class Origin:
    """What files are made of: a snapshot, its names, an engine on it, the language of what has one.

    *progress* is told, while pieces are taken, how much is done and of how much, in what the format counts.
    """

    snapshot: Snapshot
    terms: Terms
    engine: Engine
    language: Language = "nn"
    progress: Progress = field(default=lambda _done, _all: None)

    @cached_property
    def imprint(self) -> Imprint:
        """What the files say of themselves."""
        manifest, terms = self.snapshot.manifest, self.terms
        query = terms.rebase(text("ontology", "queries", "export-day.rq"))
        days = [row["day"].value for row in self.engine.select(query, deadline_s=DEADLINE_S)]
        return Imprint(
            manifest.name,
            manifest.title[self.language],
            manifest.licence,
            max(days, default=None),
            f"{terms.base}version/{manifest.name}",
            manifest.fiction,
        )


@dataclass(frozen=True)
class Outgoing:
    """The bytes of a file, in pieces made as they are taken, and where records had to be left out how many and why."""

    pieces: Iterable[bytes]
    left: Left | None = None


@dataclass(frozen=True)
class Format:
    """A way out: its short name, media type, file suffix, and what makes the bytes."""

    name: str
    media_type: str
    suffix: str
    make: Callable[[Origin], Outgoing]
