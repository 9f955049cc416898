"""The shipped ontology and concept schemes as graphs, put together from their files."""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.abc import Traversable

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SKOS

from kg.model import InputError
from kg.resources import resource
from kg.terms import DEFAULT_BASE, OwnTerm, Terms, own_terms, turtle_graph

DL_MODULE = "dl.ttl"


def ontology_graph(terms: Terms, folder: Traversable | None = None) -> Graph:
    """Return the ontology in one piece: header, all OWL 2 RL modules, and the words of ``terms.csv`` on every term.

    The result has one ``owl:Ontology`` and no ``owl:imports``: everything is in it, so that no
    reader goes looking for files on the net. *folder* is one laid out as the shipped ``ontology/``, the default.
    Raise :class:`InputError` with file and line for what does not parse, is not declared, or lacks words.
    """
    folder = folder or resource("ontology")
    own = own_terms(folder.joinpath("terms.csv").read_text(encoding="utf-8"))
    files = (folder.joinpath("bso.ttl"), *_turtle_files(folder, "modules", leave_out=DL_MODULE))
    graph = _read(terms, *files, known=own)
    header = URIRef(f"{terms.base}ont")
    _drop_module_headers(graph, header)
    for term in own.values():
        _describe(graph, terms.uri(term.name), term, header)
    return graph


def existence_axioms(terms: Terms, folder: Traversable | None = None) -> Graph:
    """Return what ``modules/dl.ttl`` says there must be: for finding contradictions, never for the closure."""
    module = (folder or resource("ontology")).joinpath("modules", DL_MODULE)
    graph = _read(terms, module)
    _drop_module_headers(graph, URIRef(f"{terms.base}ont"))
    return graph


def kos_graph(terms: Terms, folder: Traversable | None = None) -> Graph:
    """Return every concept scheme of ``ontology/kos/`` in one graph.

    Raise :class:`InputError` where a file does not parse, or a concept stands under itself.
    """
    graph = _read(terms, *_turtle_files(folder or resource("ontology"), "kos"))
    for concept in sorted(graph.subjects(SKOS.broader, unique=True), key=str):
        for above in graph.objects(concept, SKOS.broader):
            if concept in graph.transitive_objects(above, SKOS.broader):
                file, name, way = str(concept).split("/")[-2], terms.compress(str(concept)), terms.compress(str(above))
                raise InputError(
                    f"kos/{file}.ttl: {name} stands under itself, by way of {way}. Take one skos:broader away."
                )
    return graph


def whole(terms: Terms, folder: Traversable | None = None) -> Graph:
    """Return all that one version consists of: ontology, existence axioms and concept schemes."""
    graph = ontology_graph(terms, folder)
    for part in (existence_axioms(terms, folder), kos_graph(terms, folder)):
        graph += part
    return graph


def alignments_graph(terms: Terms) -> Graph:
    """Return how our terms stand to those of others, with the reason for each line; nothing follows from it."""
    return _read(terms, *_turtle_files(resource("ontology"), "alignments"))


def module_text(name: str, terms: Terms) -> str | None:
    """Return the file of one module as it stands; ``None`` where there is none of that name."""
    file = resource("ontology").joinpath("modules", f"{name}.ttl")
    return terms.rebase(file.read_text(encoding="utf-8")) if file.is_file() else None


def version_of(graph: Graph) -> str | None:
    """Return the version number that the header of an ontology gives."""
    header = graph.value(None, RDF.type, OWL.Ontology)
    number = graph.value(header, OWL.versionInfo) if header is not None else None
    return None if number is None else str(number)


def number_of(version: str) -> tuple[int, ...]:
    """Return *version* as numbers to order it by; raise :class:`ValueError` where it is not one.

    >>> number_of("0.10.0") > number_of("0.9.2")
    True
    """
    return tuple(int(part) for part in version.split("."))


def releases() -> tuple[str, ...]:
    """Return the versions that are kept whole in ``ontology/releases/``, oldest first."""
    folder = resource("ontology").joinpath("releases")
    kept = (entry.name.removesuffix(".ttl") for entry in folder.iterdir() if entry.name.endswith(".ttl"))
    return tuple(sorted(kept, key=number_of))


def release(version: str, terms: Terms) -> Graph:
    """Return a kept version, as :func:`whole` was then; raise :class:`KeyError` where it is not kept."""
    if version not in releases():
        raise KeyError(version)
    return _read(terms, resource("ontology").joinpath("releases", f"{version}.ttl"))


@cache
def first_versions(base: str = DEFAULT_BASE) -> Mapping[str, str]:
    """Return from the IRI of every term and concept of a kept version to the first such version that has it."""
    terms, found = Terms(base), dict[str, str]()
    for version in releases():
        for name in release(version, terms).subjects(RDF.type, unique=True):
            found.setdefault(str(name), version)
    return found


def frozen(terms: Terms) -> str:
    """Return the shipped version as the text of a file for ``ontology/releases/``."""
    graph = whole(terms)
    for prefix, namespace in terms.prefixes.items():
        graph.bind(prefix, namespace, replace=True)
    return graph.serialize(format="turtle")


def _read(terms: Terms, *files: Traversable, known: Collection[str] | None = None) -> Graph:
    graph = Graph()
    for file in files:
        graph += turtle_graph(file, terms, known)
    return graph


def _turtle_files(folder: Traversable, name: str, leave_out: str = "") -> Iterator[Traversable]:
    for entry in sorted(folder.joinpath(name).iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".ttl") and entry.name != leave_out:
            yield entry


def _drop_module_headers(graph: Graph, header: URIRef) -> None:
    graph.remove((header, OWL.imports, None))
    for module in set(graph.subjects(RDF.type, OWL.Ontology)) - {header}:
        graph.remove((module, None, None))


def _describe(graph: Graph, iri: URIRef, term: OwnTerm, header: URIRef) -> None:
    graph.add((iri, RDFS.isDefinedBy, header))
    for words, annotation in ((term.label, RDFS.label), (term.definition, SKOS.definition)):
        for language, value in words.items():
            graph.add((iri, annotation, Literal(value, lang=language)))
