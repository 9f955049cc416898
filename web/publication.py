"""What one running server publishes: an engine, a snapshot, names and questions."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from flask import current_app, g

from kg.engine import Engine
from kg.questions import Catalogue
from kg.resources import text
from kg.snapshot import Snapshot
from kg.terms import Terms
from web.survey import Asking, survey
from web.views import Edition

EXTENSION = "bustadgraf"
PINNED = "bustadgraf_pinned"  # in flask.g: the version that a request asked for, and its publication


@dataclass(frozen=True)
class Publication:
    """The things a request may look at.

    *snapshot* and *catalogue* are ``None`` when the server serves plain RDF files (``serve --data``)
    or a remote service of unknown content: then there is ``/sparql`` and little else. *home* is the out
    folder whose releases are served beside it (``None``: none); *label* and the day *released* are those of the
    snapshot's release. *kept* holds what is made of it once, when first wanted, by the name of who made it.
    """

    engine: Engine
    terms: Terms
    snapshot: Snapshot | None = None
    catalogue: Catalogue | None = None
    home: Path | None = None
    label: str | None = None
    released: str | None = None
    kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def survey(self) -> tuple[Asking, ...]:
        """Every question of the catalogue with how it is answered; asked once, for what is served never changes."""
        return tuple(survey(self.engine, self.catalogue, self.terms)) if self.catalogue else ()

    @cached_property
    def edition(self) -> Edition | None:
        """The data set as it is cited; ``None`` where there is no snapshot."""
        if self.snapshot is None:
            return None
        rows = self.engine.select(self.terms.rebase(text("ontology", "queries", "export-day.rq")))
        day = self.released or max((row["day"].value for row in rows), default=None)
        return Edition(self.snapshot.manifest, day, self.label)


def publication() -> Publication:
    """Return what the current request is answered from: the version that it pins, else what is served now."""
    pinned: tuple[str, Publication] | None = g.get(PINNED)
    return pinned[1] if pinned else cast(Publication, current_app.extensions[EXTENSION])
