"""What catalogues and crawlers are told is true and in the form that they take: VoID, DCAT-AP-NO, sitemap, robots."""

import hashlib
import re
from collections import Counter
from urllib.robotparser import RobotFileParser

import lxml.etree
import lxml.html
import pytest
from conftest import SHARED, built_once
from flask.testing import FlaskClient
from pyshacl import validate
from rdflib import RDF, Dataset, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCTERMS, OWL, VOID
from test_downloads import all_files

from kg.engine import open_engine
from kg.export import FORMATS
from kg.snapshot import Snapshot
from kg.terms import Terms
from web.app import create_app
from web.publication import Publication

B = "https://w3id.org/bustadgraf/"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PARSERS = {"text/turtle": "turtle", "application/n-triples": "nt", "application/ld+json": "json-ld"}
PARSERS |= {"application/rdf+xml": "xml"}
SHAPES = SHARED / "standards" / "dcat-ap-no" / "DCAT-AP-NO-shacl_shapes_2.00.ttl"
DCAT, XSD = Namespace("http://www.w3.org/ns/dcat#"), Namespace("http://www.w3.org/2001/XMLSchema#")
SPDX = Namespace("http://spdx.org/rdf/terms#")


def test_void_counts_what_is_served(client: FlaskClient, report_snapshot: Snapshot) -> None:
    data = Dataset()
    for path in report_snapshot.quad_files():
        data.parse(path, format="nquads")
    union = {quad[:3] for quad in data.quads()}
    void = Graph().parse(data=client.get("/.well-known/void").data, format="turtle")
    dataset = URIRef(f"{B}graph/dataset")

    def count(name: str) -> int:
        return int(void.value(dataset, VOID[name]))  # type: ignore[arg-type]

    assert (dataset, RDF.type, VOID.Dataset) in void
    assert count("triples") == len(union) == client.get("/health").get_json()["triples"]
    assert count("distinctSubjects") == len({subject for subject, _, _ in union})
    assert count("distinctObjects") == len({value for _, _, value in union})
    assert count("properties") == len({predicate for _, predicate, _ in union})
    assert count("classes") == len({value for _, predicate, value in union if predicate == RDF.type})
    subsets = {str(graph): int(void.value(graph, VOID.triples)) for graph in void.objects(dataset, VOID.subset)}  # type: ignore[arg-type]
    subsets[str(dataset)] = subsets.pop(f"{B}.well-known/void#graph-dataset")
    assert subsets == dict(Counter(str(quad[3]) for quad in data.quads()))
    classes = Counter(value for _, predicate, value in union if predicate == RDF.type)
    partitions = {
        void.value(part, VOID["class"]): int(void.value(part, VOID.entities))  # type: ignore[arg-type]
        for part in void.objects(dataset, VOID.classPartition)
    }
    assert partitions == dict(classes)
    assert void.value(dataset, DCTERMS.license) is not None
    assert {title.language for title in void.objects(dataset, DCTERMS.title)} == {"nn", "nb", "en"}  # type: ignore[attr-defined]
    for dump in void.objects(dataset, VOID.dataDump):
        assert str(dump).removeprefix(f"{B}dump/") in all_files(client)
    person = client.get("/.well-known/void", headers={"Accept": BROWSER, "Accept-Language": "en"})
    assert (person.status_code, person.headers["Location"]) == (303, "/en/data")
    ours = {str(node) for node in {subject for subject, _, _ in union} if str(node).startswith(f"{B}id/")}
    assert count("entities") == len(ours)
    examples = set(void.objects(dataset, VOID.exampleResource))
    assert len(examples) == 3
    assert examples <= {subject for subject, _, _ in union}
    used = {str(predicate) for _, predicate, _ in union} | {str(kind) for kind in classes}
    for vocabulary in void.objects(dataset, VOID.vocabulary):
        assert any(name.startswith(str(vocabulary)) for name in used), vocabulary
    assert void.value(dataset, VOID.sparqlEndpoint) == URIRef(f"{B}sparql")


def described(client: FlaskClient, accept: str = "text/turtle") -> Graph:
    answer = client.get("/dcat", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, accept)
    return Graph().parse(data=answer.data, format=PARSERS[accept])


def test_the_description_passes_the_shapes_of_dcat_ap_no(client: FlaskClient, counts) -> None:
    all_files(client)
    graph = described(client)
    shapes = Graph().parse(SHAPES)
    conforms, report, _ = validate(graph, shacl_graph=shapes, inference="none")
    assert conforms, report.serialize()
    for kind in (DCAT.Catalog, DCAT.Dataset, DCAT.DataService, DCAT.Distribution):
        counts("resources that pass DCAT-AP-NO", len(set(graph.subjects(RDF.type, kind))))
    graph.remove((None, DCTERMS.publisher, None))
    assert not validate(graph, shacl_graph=shapes, inference="none")[0], "the shapes would find a fault"


def test_every_file_is_described_as_it_is(client: FlaskClient, report_snapshot: Snapshot) -> None:
    files = all_files(client)
    graph = described(client)
    (dataset,) = graph.subjects(RDF.type, DCAT.Dataset)
    assert graph.value(dataset, OWL.versionInfo) == Literal(report_snapshot.name)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(graph.value(dataset, DCTERMS.modified)))
    named = {}
    for each in graph.objects(dataset, DCAT.distribution):
        name = str(graph.value(each, DCAT.downloadURL)).removeprefix(f"{B}dump/")
        answer = client.get(f"/dump/{name}")
        assert answer.status_code == 200, name
        size = graph.value(each, DCAT.byteSize)
        assert (size.toPython(), size.datatype) == (len(answer.data), XSD.decimal)
        checksum = graph.value(each, SPDX.checksum)
        assert str(graph.value(checksum, SPDX.checksumValue)) == hashlib.sha1(answer.data).hexdigest()
        assert str(graph.value(each, DCTERMS.license)).endswith("/authority/licence/CC_BY_4_0")
        assert {title.language for title in graph.objects(each, DCTERMS.description)} == {"nn", "nb", "en"}
        named[name] = each
    assert set(named) == set(files)
    assert len(named) >= len(FORMATS) - 2, "only what has no record is left out"


def test_the_description_is_the_same_in_every_form_and_on_the_page(client: FlaskClient) -> None:
    all_files(client)
    first = described(client)
    for accept in PARSERS:
        assert isomorphic(first, described(client, accept)), accept
    (block,) = lxml.html.document_fromstring(client.get("/nn/data").text).xpath("//script")
    assert isomorphic(first, Graph().parse(data=block.text, format="json-ld"))
    person = client.get("/dcat", headers={"Accept": BROWSER, "Accept-Language": "nb"})
    assert (person.status_code, person.headers["Location"]) == (303, "/nb/data")
    assert client.get("/dcat", headers={"Accept": "image/png"}).status_code == 406
    tag = client.get("/dcat", headers={"Accept": "text/turtle"}).headers["ETag"]
    assert client.get("/dcat", headers={"Accept": "text/turtle", "If-None-Match": tag}).status_code == 304


def test_the_front_door_names_the_descriptions(client: FlaskClient) -> None:
    links = dict(re.findall(r'<([^>]+)>; rel="([^"]+)"', client.get("/").headers["Link"]))
    assert links["/dcat"] == links["/.well-known/void"] == "describedby"
    assert links["/openapi.json"] == "service-desc"
    for path in links:
        if path.startswith("/"):
            assert client.get(path, headers={"Accept": "*/*"}).status_code in (200, 303)


def pages_of(client: FlaskClient) -> list[str]:
    index = lxml.etree.fromstring(client.get("/sitemap.xml").data)
    found = []
    for part in index.xpath("//*[local-name() = 'loc']/text()"):
        answer = client.get(part.removeprefix("http://localhost"))
        assert answer.mimetype == "application/xml"
        listed = lxml.etree.fromstring(answer.data)
        for url in listed.iterchildren():
            (place,) = url.xpath("*[local-name() = 'loc']/text()")
            others = url.xpath("*[local-name() = 'link']")
            assert {each.get("hreflang") for each in others} == {"nn", "nb", "en"}
            assert place in {each.get("href") for each in others}
            found.append(place.removeprefix("http://localhost"))
    return found


def test_the_sitemap_lists_every_page_there_is(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pages_of(client)
    assert len(whole) == len(set(whole))
    for page in ("/nn/", "/nb/initiative/bokontakt", "/en/target-group/refugees", "/nn/concepts/targets", "/nn/about"):
        assert page in whole
    kinds = {re.sub("[^/]+$", "", page): page for page in whole if page.startswith("/en/")}
    assert len(kinds) > 20
    for page in kinds.values():
        assert client.get(page).status_code == 200, page
    monkeypatch.setattr("web.crawling.PAGES_PER_FILE", 100)
    assert pages_of(client) == whole
    last = -(-len(whole) // 3 // 100)
    for number in (0, last + 1):
        assert client.get(f"/sitemap-{number}.xml").status_code == 404


def test_crawlers_may_read_pages_and_not_ask_queries(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert answer.mimetype == "text/plain"
    robots = RobotFileParser()
    robots.parse(answer.text.splitlines())
    for page in (
        "/",
        "/nn/",
        "/nb/actor/husbanken",
        "/id/actor/husbanken",
        "/data/actor/husbanken.ttl",
        "/dcat",
        "/ont",
    ):
        assert robots.can_fetch("*", page), page
    for page in ("/sparql?query=x", "/nn/search?q=x", "/en/sparql", "/api/q", "/nb/why?subject=x", "/dump/SHA256SUMS"):
        assert not robots.can_fetch("*", page), page
    assert robots.site_maps() == ["http://localhost/sitemap.xml"]


def test_a_false_host_writes_nothing_into_the_sitemap(client: FlaskClient) -> None:
    told = client.get("/sitemap.xml", headers={"Host": 'x"><evil>.example'})
    assert b"<evil>" not in told.data


def test_fiction_says_so_and_nothing_of_a_place(tmp_path_factory: pytest.TempPathFactory) -> None:
    snapshot = Snapshot.open(built_once(tmp_path_factory, "example"))
    engine = open_engine(snapshot)
    client = create_app(Publication(engine, Terms(), snapshot)).test_client()
    graph = described(client)
    engine.close()
    (dataset,) = graph.subjects(RDF.type, DCAT.Dataset)
    assert any("fiction" in str(word) for word in graph.objects(dataset, DCAT.keyword))
