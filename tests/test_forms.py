"""One thing in every form: the same triples and headers, JSON-LD with its context, data inside the page."""

import json
import re
from collections.abc import Iterator

import lxml.html
import pytest
from flask.testing import FlaskClient
from rdflib import BNode, Graph, URIRef
from rdflib.compare import isomorphic
from report_corpus import report_corpus
from test_linked_data import MEDIA, PARSERS, B

from kg.engine import Engine, open_engine
from kg.snapshot import Snapshot, build
from kg.terms import Terms
from web.app import create_app
from web.publication import Publication


def one_of_each(engine: Engine) -> list[str]:
    """Where the data of one thing of every kind stands that the data set has a name for."""
    rows = engine.select("SELECT DISTINCT ?thing { ?thing a ?kind }")
    kinds: dict[str, str] = {}
    for iri in sorted((row["thing"].value for row in rows), reverse=True):  # the first coder has coded nearly all
        space, _, path = iri.removeprefix(B).partition("/")
        if space in ("id", "kos"):
            kind, _, slug = path.partition("/")
            kinds.setdefault(kind if slug else "a scheme", path if slug else f"kos/{path}")
    return sorted(kinds.values())


def parsed(data: bytes | str, suffix: str) -> Graph:
    return Graph().parse(data=data, format=PARSERS[suffix])


def of_page(page: str) -> Graph:
    (block,) = lxml.html.document_fromstring(page).xpath("//script")
    assert block.get("type") == "application/ld+json"
    return parsed(block.text, "jsonld")


def test_every_kind_of_thing_is_the_same_in_every_format(
    field_client: FlaskClient, field_engine: Engine, counts
) -> None:
    paths = [*one_of_each(field_engine), "ont/targets", "ont/Initiative", "graph/source/ervik-linden-2016"]
    assert len(paths) > 25
    for path in paths:
        first = parsed(field_client.get(f"/data/{path}.nt").data, "nt")
        assert len(first), path
        for suffix in ("ttl", "jsonld", "rdf"):
            other = parsed(field_client.get(f"/data/{path}.{suffix}").data, suffix)
            named = not any(isinstance(node, BNode) for node in first.all_nodes())  # equal is isomorphic, and quick
            assert set(first) == set(other) if named else isomorphic(first, other), (path, suffix)
            counts("things the same in another format")


def test_json_ld_has_the_context_that_it_needs_and_no_more(field_client: FlaskClient) -> None:
    told = field_client.get("/data/initiative/bokontakt.jsonld").get_json(force=True)
    context = told["@context"]
    bokontakt = next(node for node in told["@graph"] if node["@id"] == "initiative:bokontakt")
    assert bokontakt["skos:prefLabel"]["nn"] == "Bokontakt"
    assert bokontakt["bso:offeredIn"] == "place:bergen"
    assert context["bso:offeredIn"]["@type"] == "@id"
    statement = next(node for node in told["@graph"] if "rdf:Statement" in node.get("@type", ()))
    assert statement["bso:verbatim"] in ("true", "false")
    assert context["bso:verbatim"]["@type"] == "xsd:boolean"
    used = json.dumps(told["@graph"])
    assert all(f'"{name}:' in used or name in json.dumps(context).replace(f'"{name}":', "") for name in context)


def test_a_page_holds_as_json_ld_what_is_said_of_its_thing(field_client: FlaskClient, field_engine: Engine) -> None:
    schemes = {"kos/": "concepts/scheme/", "ont/": "concepts/"}
    for path in [*one_of_each(field_engine), "ont/targets"]:
        page = re.sub("^(kos|ont)/", lambda found: schemes[found[0]], path)
        answer = field_client.get(f"/nn/{re.sub('-[pq]$', '', page) if 'passage' in page else page}")
        assert answer.status_code == 200, path
        if path.startswith("passage/"):
            continue
        whole = parsed(field_client.get(f"/data/{path}.nt").data, "nt")
        graph = of_page(answer.text)
        (thing,) = set(graph.subjects())
        assert isinstance(thing, URIRef)
        assert set(graph) == set(whole.triples((thing, None, None))), path


EVIL = '</script><script>alert(1)</script><!-- \u2028 & "\\'


@pytest.fixture(scope="module")
def evil_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    corpus = report_corpus(tmp_path_factory.mktemp("corpus") / "evil")
    entities = corpus / "entities.yaml"
    told = entities.read_text(encoding="utf-8")
    assert "Bokontakt" in told
    entities.write_text(told.replace("Bokontakt", json.dumps(EVIL)[1:-1].join('""'), 1), encoding="utf-8")
    out = tmp_path_factory.mktemp("evil-out")
    assert build(corpus, out).published
    snapshot = Snapshot.open(out)
    engine = open_engine(snapshot)
    yield create_app(Publication(engine, Terms(), snapshot)).test_client()
    engine.close()


def test_no_label_breaks_out_of_the_data_of_a_page(evil_client: FlaskClient) -> None:
    page = evil_client.get("/nn/initiative/bokontakt").text
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert page.count("<script") == page.count("</script>") == 1
    assert EVIL in set(map(str, of_page(page).objects()))


@pytest.mark.parametrize("path", ["initiative/bokontakt", "target-group/refugees", "kos/target-group", "graph/kos"])
def test_every_form_names_the_others_the_description_and_the_licence(client: FlaskClient, path: str) -> None:
    data = f"/data/{path}"
    for address in (data, *(f"{data}.{suffix}" for suffix in MEDIA)):
        links = client.get(address, headers={"Accept": "text/turtle"}).headers["Link"]
        for suffix, media_type in MEDIA.items():
            assert f'<{data}.{suffix}>; rel="alternate"; type="{media_type}"' in links
        for language in ("nn", "nb", "en"):
            page = re.search(rf'<(/{language}/[^>]+)>; rel="alternate"; type="text/html"; hreflang="{language}"', links)
            assert page
            assert client.get(page[1]).status_code == 200
        assert '</.well-known/void>; rel="describedby"' in links
        assert '<https://creativecommons.org/licenses/by/4.0/>; rel="license"' in links
    page = client.get("/nn/initiative/bokontakt").headers["Link"]
    assert '</data/initiative/bokontakt.ttl>; rel="alternate"; type="text/turtle"' in page
    assert 'rel="license"' in client.get("/nn/about").headers["Link"]


def test_data_and_pages_have_strong_tags_that_hold(client: FlaskClient) -> None:
    tags = set()
    paths = [f"/data/initiative/bokontakt.{suffix}" for suffix in MEDIA]
    for path in (*paths, "/data/graph/kos.nt", "/nn/initiative/bokontakt", "/nb/initiative/bokontakt", "/en/about"):
        first = client.get(path)
        tag = first.headers["ETag"]
        assert not tag.startswith("W/")
        tags.add(tag)
        assert client.get(path).data == first.data
        for held in (tag, f'"other", W/{tag}'):
            again = client.get(path, headers={"If-None-Match": held})
            assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        head = client.head(path)
        assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", tag)
        assert head.headers["Content-Length"] == first.headers["Content-Length"]
        assert "Accept-Encoding" in first.vary
    assert len(tags) == len(paths) + 4


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        ("text/turtle;q=0.3, application/ld+json;q=0.7", "jsonld"),
        ("application/json", "jsonld"),
        ("text/*, text/html;q=0", "ttl"),
        ("*/*;q=0.1, application/n-triples", "nt"),
        ("text/html;q=0, */*", "ttl"),
        ("application/*", "nt"),
        ("application/xml;q=0.9, text/turtle;q=0.8", "rdf"),
        ("text/csv, text/turtle;q=0.999", "csv"),
    ],
)
def test_what_a_client_likes_best_decides(client: FlaskClient, accept: str, suffix: str) -> None:
    for path in ("/id/actor/husbanken", "/data/actor/husbanken"):
        answer = client.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/data/actor/husbanken.{suffix}")
    for refused in ("image/png", "text/turtle;q=0", "*/*;q=0"):
        answer = client.get("/id/actor/husbanken", headers={"Accept": refused})
        assert answer.status_code == 406
        assert answer.get_json()["available"]["ttl"] == "text/turtle"


def test_a_selector_has_its_passage_as_its_page(client: FlaskClient, report_engine: Engine) -> None:
    passage = report_engine.select(f"SELECT ?p {{ ?st <{B}ont#passage> ?p }} ORDER BY ?p LIMIT 1")[0]["p"].value
    path = passage.removeprefix(B)
    answer = client.get(f"/{path}-q", headers={"Accept": "text/html", "Accept-Language": "en"})
    assert answer.headers["Location"] == f"/en/{path.removeprefix('id/')}"
    assert client.get(answer.headers["Location"]).status_code == 200
