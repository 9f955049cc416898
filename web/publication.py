"""What one running server publishes: an engine, a snapshot, names and questions."""

from dataclasses import dataclass
from functools import cached_property
from typing import cast

from flask import current_app

from kg.engine import Engine
from kg.questions import Catalogue
from kg.resources import text
from kg.snapshot import Snapshot
from kg.terms import Terms
from web.survey import Asking, survey
from web.views import Edition

EXTENSION = "bustadgraf"


@dataclass(frozen=True)
class Publication:
    """The things a request may look at.

    *snapshot* and *catalogue* are ``None`` when the server serves plain RDF files (``serve --data``)
    or a remote service of unknown content: then there is ``/sparql`` and little else.
    """

    engine: Engine
    terms: Terms
    snapshot: Snapshot | None = None
    catalogue: Catalogue | None = None

    @cached_property
    def survey(self) -> tuple[Asking, ...]:
        """Every question of the catalogue with how it is answered; asked once, for what is served never changes."""
        return tuple(survey(self.engine, self.catalogue, self.terms)) if self.catalogue else ()

    @cached_property
    def edition(self) -> Edition | None:
        """The data set as it is cited; ``None`` where there is no snapshot."""
        if self.snapshot is None:
            return None
        days = self.engine.select(self.terms.rebase(text("ontology", "queries", "export-day.rq")))
        return Edition(self.snapshot.manifest, max((row["day"].value for row in days), default=None))


def publication() -> Publication:
    """Return what the current application publishes."""
    return cast(Publication, current_app.extensions[EXTENSION])
