"""Concepts, grants and services as the standards of others want them."""

from collections.abc import Callable

from kg.export.formats import Format, Origin, Outgoing
from kg.interchange import GRANTS, LANGUAGE, SERVICES, Standard, export
from kg.resources import text


def _records(standard: Standard) -> Callable[[Origin], Outgoing]:
    def make(origin: Origin) -> Outgoing:
        manifest = origin.snapshot.manifest
        return Outgoing(*export(standard, origin.engine, origin.terms, manifest.licence, manifest.title[LANGUAGE]))

    return make


def _concepts(origin: Origin) -> Outgoing:
    query = origin.terms.rebase(text("ontology", "queries", "export-skos-ap-no.rq"))
    return Outgoing(origin.engine.query(query, accept="text/turtle").chunks)


FORMATS = (
    Format("skosapno", "text/turtle", "ttl", _concepts),
    Format("360giving", "application/json", "json", _records(GRANTS)),
    Format("hsds", "application/json", "json", _records(SERVICES)),
)
