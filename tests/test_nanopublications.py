"""Every statement is a nanopublication as the guidelines want it, under a name that is a hash of what it says."""

import base64
import hashlib
from collections import defaultdict

import pytest
from conftest import built_once
from rdflib import RDF, Dataset, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, PROV

from kg.corpus import find_corpus, load
from kg.disclosure import leaks
from kg.engine import Engine, open_engine
from kg.export import FORMATS, Origin
from kg.snapshot import Snapshot
from kg.terms import Terms

B = "https://w3id.org/bustadgraf/"
NP, BSO = Namespace("http://www.nanopub.org/nschema#"), Namespace(f"{B}ont#")
STRING = "http://www.w3.org/2001/XMLSchema#string"

Quads = dict[str, list[tuple]]


def made(snapshot: Snapshot, engine: Engine) -> bytes:
    return b"".join(FORMATS["nanopub"].make(Origin(snapshot, Terms(), engine)).pieces)


@pytest.fixture(scope="module")
def published(report_snapshot: Snapshot, report_engine: Engine) -> dict[str, Quads]:
    """Nanopublication → graph → triples."""
    dataset = Dataset()
    dataset.parse(data=made(report_snapshot, report_engine), format="trig")
    found: dict[str, Quads] = defaultdict(lambda: defaultdict(list))
    for subject, predicate, value, graph in dataset.quads():
        name, _, part = str(graph).partition("#")
        found[name][part].append((subject, predicate, value))
    return found


def test_every_statement_is_one_of_four_graphs(published, report_engine: Engine, counts) -> None:
    rows = report_engine.select(f"SELECT DISTINCT ?st {{ ?st a <{BSO.Statement}> }}")
    about = set()
    for name, graphs in published.items():
        this, assertion = URIRef(name), URIRef(f"{name}#assertion")
        assert set(graphs) == {"Head", "assertion", "provenance", "pubinfo"}
        assert set(graphs["Head"]) == {
            (this, RDF.type, NP.Nanopublication),
            (this, NP.hasAssertion, assertion),
            (this, NP.hasProvenance, URIRef(f"{name}#provenance")),
            (this, NP.hasPublicationInfo, URIRef(f"{name}#pubinfo")),
        }
        told = {predicate for subject, predicate, _ in graphs["provenance"] if subject == assertion}
        assert {PROV.wasDerivedFrom, PROV.hadPrimarySource, PROV.wasGeneratedBy, BSO.basis} <= told
        info = {predicate: value for subject, predicate, value in graphs["pubinfo"] if subject == this}
        assert {DCTERMS.creator, DCTERMS.created, DCTERMS.license} <= set(info)
        about.add(str(info[PROV.wasDerivedFrom]))
        counts("nanopublications that are well-formed")
    assert about == {row["st"].value for row in rows}


def test_a_fact_asserts_its_triple_and_no_other_statement_does(published, report_engine: Engine) -> None:
    facts = {row["st"].value for row in report_engine.select(f"SELECT ?st {{ ?st a <{BSO.Fact}> }}")}
    for graphs in published.values():
        statement = next(value for _, key, value in graphs["pubinfo"] if key == PROV.wasDerivedFrom)
        if str(statement) in facts:
            said = {key: value for subject, key, value in graphs["provenance"] if subject == statement}
            assert graphs["assertion"] == [(said[RDF.subject], said[RDF.predicate], said[RDF.object])]
        else:
            assert {subject for subject, _, _ in graphs["assertion"]} == {statement}
            assert not {BSO.text, BSO.passage, BSO.coder} & {key for _, key, _ in graphs["assertion"]}


def trusty(name: str, graphs: Quads) -> str:
    """Compute the artifact code from what was parsed, as the specification of trusty URIs tells (module RA)."""
    code = name.rpartition("/")[2]

    def key(node: object) -> tuple:
        if isinstance(node, Literal):
            kind = "" if node.language else str(node.datatype or STRING)
            return 1, str(node).encode(), kind.encode(), (node.language or "").encode()
        return 0, str(node).replace(code, " ").encode()

    def line(node: object) -> str:
        if isinstance(node, Literal):
            mark = f"@{node.language}" if node.language else f"^{node.datatype or STRING}"
            return mark + " " + str(node).replace("\\", "\\\\").replace("\n", "\\n") + "\n"
        return str(node).replace(code, " ") + "\n"

    quads = [(URIRef(f"{name}#{graph}"), *triple) for graph, triples in graphs.items() for triple in triples]
    text = "".join(line(node) for quad in sorted(quads, key=lambda quad: tuple(map(key, quad))) for node in quad)
    return "RA" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def test_the_name_is_the_hash_of_what_is_said(published) -> None:
    for name, graphs in published.items():
        assert name == f"{B}np/{trusty(name, graphs)}"
    name, graphs = next(iter(published.items()))
    changed = {**graphs, "assertion": [(*graphs["assertion"][0][:2], Literal("something else"))]}
    assert not name.endswith(trusty(name, changed))


def test_the_same_data_give_the_same_bytes(report_snapshot: Snapshot, report_engine: Engine) -> None:
    first = made(report_snapshot, report_engine)
    assert made(report_snapshot, report_engine) == first
    assert report_snapshot.name in first.decode().partition("\n")[0], "the head names snapshot, day and licence"


def test_nothing_restricted_is_published(tmp_path_factory: pytest.TempPathFactory) -> None:
    snapshot = Snapshot.open(built_once(tmp_path_factory, "example"))
    engine = open_engine(snapshot)
    told = made(snapshot, engine)
    engine.close()
    whole = load(find_corpus("example"))
    assert leaks(whole, [("nanopub.trig", told)]) == ()
    restricted = next(source for source in whole.sources if source.access == "restricted" and source.document)
    assert leaks(whole, [("nanopub.trig", told + restricted.document.text.encode())]), "the search would find it"
