"""The data set described for catalogues and programs: VoID, counted on what is served, and DCAT-AP-NO."""

from importlib.resources import files

from flask import Blueprint, Response
from markupsafe import Markup
from rdflib import DCAT, DCTERMS, FOAF, OWL, RDF, RDFS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.namespace import PROV, SKOS

from kg.model import LANGUAGES
from kg.snapshot import Manifest
from web.downloads import FORMAT_NAMES, GZIP, PURPOSES, Download, downloads
from web.jsonld import script
from web.language import Speech
from web.linked_data import RDF as RDF_OFFERS
from web.linked_data import about_data, fresh, unknown
from web.negotiation import kept, open_to_all, reader_language, see_other, varies, wanted_format
from web.publication import publication
from web.sparql import HTML, given

blueprint = Blueprint("description", __name__)
blueprint.after_request(open_to_all)

SPDX, ADMS = Namespace("http://spdx.org/rdf/terms#"), Namespace("http://www.w3.org/ns/adms#")
EU = "http://publications.europa.eu/resource/authority"
LANGUAGE_CODES = {"nn": "NNO", "nb": "NOB", "en": "ENG"}
SHA1 = SPDX.checksumAlgorithm_sha1  # DCAT-AP-NO knows no other
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
FILE_TYPES = {
    **{"ttl": "RDF_TURTLE", "nt": "RDF_N_TRIPLES", "nq": "RDF_N_QUADS", "trig": "RDF_TRIG", "jsonld": "JSON_LD"},
    **{"rdfxml": "RDF_XML", "skosapno": "RDF_TURTLE", "nanopub": "RDF_TRIG", "csv": "CSV", "xlsx": "XLSX"},
    **{"360giving": "JSON", "hsds": "JSON", "graphml": "XML", "gexf": "XML"},
}
LICENCES = {
    "https://creativecommons.org/licenses/by/4.0/": "CC_BY_4_0",
    "https://creativecommons.org/licenses/by-sa/4.0/": "CC_BYSA_4_0",
    "https://creativecommons.org/publicdomain/zero/1.0/": "CC0",
    "https://data.norge.no/nlod/no/2.0": "NLOD_2_0",
}
STANDARDS = {
    "skosapno": "https://data.norge.no/specification/skos-ap-no-begrep",
    "360giving": "https://standard.threesixtygiving.org/en/latest/",
    "hsds": "https://docs.openreferral.org/",
    "nanopub": "https://nanopub.net/guidelines/working_draft/",
}
DATASET = "What sources say about actors, initiatives, instruments and views, each statement with its passage."
KEYWORDS = ("housing-social work", "voluntary sector", "knowledge graph")
PROVENANCE = "Read out of %(count)s sources by people; every statement names its passage and its coder."
SPARQL = "Answers queries in SPARQL 1.1 on the whole data set."
API = "Answers questions, searches and suggestions as JSON."
PARSERS = {"ttl": "turtle", "nt": "nt", "jsonld": "json-ld", "rdf": "xml"}
WHOLE = ("nq", "trig", "ttl", "nt", "jsonld", "rdfxml")  # the formats that hold the whole data set as RDF
PREFIXES = {
    "dcat": DCAT,
    "dcterms": DCTERMS,
    "foaf": FOAF,
    "spdx": SPDX,
    "adms": ADMS,
    "prov": PROV,
    "owl": OWL,
    "skos": SKOS,
}


@blueprint.get("/.well-known/void")
def void() -> Response:
    """Describe the data set (VoID), counted on the data that is served."""
    offer = wanted_format((*RDF_OFFERS, HTML))
    if offer is HTML:
        return varies(see_other(f"/{reader_language()}/data"), "Accept", "Accept-Language")
    held, base = downloads(), publication().terms.base
    dumps = [f"<{base}dump/{name}>" for name, form in held.names.items() if form.name in WHOLE] if held else []
    query = files("web").joinpath("queries", "void.rq").read_text(encoding="utf-8")
    query = publication().terms.rebase(query).replace("UNDEF", " ".join(dumps) or "UNDEF")
    result = publication().engine.query(query, accept=offer.media_type)
    return varies(about_data(fresh(given(result))))


@blueprint.get("/dcat")
def dcat() -> Response:
    """Describe catalogue, data set, files and services (DCAT-AP-NO), or lead a person to the page about the data."""
    held = downloads()
    if held is None:
        raise unknown()
    offer = wanted_format((*RDF_OFFERS, HTML))
    if offer is HTML:
        return varies(see_other(f"/{reader_language()}/data"), "Accept", "Accept-Language")
    held.prepare()  # a file that is not made yet is described without size and checksum
    response = Response(_written(PARSERS[offer.name]), mimetype=offer.media_type)
    return varies(about_data(kept(response)))


def embedded_catalogue() -> Markup:
    """Return the same as JSON-LD that may stand in a page."""
    return script(_written(PARSERS["jsonld"]))


def _written(form: str) -> str:
    return catalogue().serialize(format=form, context={name: str(iri) for name, iri in PREFIXES.items()})


def catalogue() -> Graph:
    """Return the description of the catalogue and all that it lists."""
    snapshot, held = publication().snapshot, downloads()
    if snapshot is None or held is None:
        raise unknown()
    pen = _Pen(publication().terms.base, snapshot.manifest)
    whole = {each.name: each for each in held.ready()}
    pen.catalogue()
    edition = publication().edition
    pen.data_set(edition.day if edition else None)
    pen.services()
    for name, form in held.names.items():
        if not held.has_left_out(name):
            pen.distribution(name, form.name, form.media_type, whole.get(name))
    return pen.graph


class _Pen:
    """Writes the description as triples."""

    def __init__(self, base: str, manifest: Manifest) -> None:
        self._manifest = manifest
        self._base = base
        self.graph = Graph(bind_namespaces="none")
        for prefix, namespace in PREFIXES.items():
            self.graph.bind(prefix, namespace)
        self._data_set = self._iri("graph/dataset")
        self._publisher = self._iri("dcat#publisher")

    def catalogue(self) -> None:
        """Describe the catalogue and who publishes it."""
        node = self._iri("dcat")
        self._described(node, DCAT.Catalog, "Bustadgraf", "The catalogue of what Bustadgraf publishes here.")
        self._add(node, DCAT.dataset, self._data_set)
        self._add(node, DCAT.service, self._iri("sparql"))
        self._add(node, DCAT.service, self._iri("api"))
        self._add(node, FOAF.homepage, self._iri(""))
        self._languages(node)
        self._add(self._publisher, RDF.type, FOAF.Agent)
        self._add(self._publisher, FOAF.name, Literal("The Bustadgraf authors", lang="en"))
        self._add(self._publisher, FOAF.name, Literal("Dei som lagar Bustadgraf", lang="nn"))
        self._add(self._publisher, FOAF.name, Literal("De som lager Bustadgraf", lang="nb"))

    def data_set(self, modified: str | None) -> None:
        """Describe the data set: what it is, its version, and the date of the data."""
        node, manifest = self._data_set, self._manifest
        self._described(node, DCAT.Dataset, None, DATASET)
        for language, title in manifest.title.items():
            self._add(node, DCTERMS.title, Literal(title, lang=language))
        for language in LANGUAGES:
            for words in (*KEYWORDS, *(("fiction",) if manifest.fiction else ())):
                self._add(node, DCAT.keyword, Literal(Speech.of(language).say(words), lang=language))
        self._authority(node, DCAT.theme, "data-theme", "SOCI")
        self._authority(node, DCTERMS.accessRights, "access-right", "PUBLIC")
        self._standard(node, self._iri(f"ont/{manifest.ontology}"), f"Bustadgraf {manifest.ontology}")
        self._add(node, OWL.versionInfo, Literal(manifest.name))
        self._add(node, DCAT.landingPage, self._iri("nn/data"))
        self._add(node, FOAF.page, self._iri("nn/about"))
        self._languages(node)
        if modified:
            self._add(node, DCTERMS.modified, Literal(modified, datatype=XSD.date))
        provenance = self._iri("dcat#provenance")
        self._add(node, DCTERMS.provenance, provenance)
        self._add(provenance, RDF.type, DCTERMS.ProvenanceStatement)
        self._say(provenance, RDFS.label, PROVENANCE, count=manifest.counts["sources"])

    def services(self) -> None:
        """Describe the two ways in which programs ask."""
        for name, title, about, described, (standard, called) in (
            ("sparql", "SPARQL", SPARQL, "sparql", ("https://www.w3.org/TR/sparql11-protocol/", "SPARQL 1.1 Protocol")),
            ("api", "JSON", API, "openapi.json", ("https://spec.openapis.org/oas/v3.1.0", "OpenAPI 3.1")),
        ):
            node = self._iri(name)
            self._described(node, DCAT.DataService, f"Bustadgraf: {title}", about)
            self._add(node, DCAT.endpointURL, self._iri("sparql" if name == "sparql" else "api/q"))
            self._add(node, DCAT.endpointDescription, self._iri(described))
            self._add(node, DCAT.servesDataset, self._data_set)
            self._standard(node, URIRef(standard), called)

    def distribution(self, name: str, form: str, media_type: str, whole: Download | None) -> None:
        """Describe one file; size and checksum where it is made."""
        node, address = self._iri(f"dcat#{form}"), self._iri(f"dump/{name}")
        self._add(self._data_set, DCAT.distribution, node)
        self._add(node, RDF.type, DCAT.Distribution)
        for language in LANGUAGES:
            self._add(node, DCTERMS.title, Literal(FORMAT_NAMES.get(form, form), lang=language))
        if form in PURPOSES:
            self._say(node, DCTERMS.description, PURPOSES[form])
        self._licence(node)
        self._add(node, DCAT.accessURL, self._iri("nn/data"))
        self._add(node, DCAT.downloadURL, address)
        self._add(node, DCAT.mediaType, URIRef(MEDIA_TYPES + media_type))
        if form in FILE_TYPES:
            self._authority(node, DCTERMS["format"], "file-type", FILE_TYPES[form])
        if form in STANDARDS:
            self._standard(node, URIRef(STANDARDS[form]), FORMAT_NAMES[form])
        if name.endswith(".gz"):
            self._add(node, DCAT.compressFormat, URIRef(MEDIA_TYPES + GZIP))
        if name.endswith(".zip"):
            self._add(node, DCAT.packageFormat, URIRef(f"{MEDIA_TYPES}application/zip"))
        if whole:
            self._add(node, DCAT.byteSize, Literal(f"{whole.size}.0", datatype=XSD.decimal))
            checksum = self._iri(f"dcat#{form}-checksum")
            self._add(node, SPDX.checksum, checksum)
            self._add(checksum, RDF.type, SPDX.Checksum)
            self._add(checksum, SPDX.algorithm, SHA1)
            self._add(checksum, SPDX.checksumValue, Literal(whole.sha1, datatype=XSD.hexBinary))

    def _described(self, node: URIRef, kind: URIRef, title: str | None, about: str) -> None:
        self._add(node, RDF.type, kind)
        self._add(node, DCTERMS.identifier, Literal(str(node)))
        self._add(node, DCTERMS.publisher, self._publisher)
        self._licence(node)
        if title:
            for language in LANGUAGES:
                self._add(node, DCTERMS.title, Literal(title, lang=language))
        self._say(node, DCTERMS.description, about)

    def _standard(self, node: URIRef, standard: URIRef, title: str) -> None:
        self._add(node, DCTERMS.conformsTo, standard)
        self._add(standard, RDF.type, DCTERMS.Standard)
        self._add(standard, DCTERMS.title, Literal(title, lang="en"))

    def _licence(self, node: URIRef) -> None:
        if self._manifest.licence in LICENCES:
            self._authority(node, DCTERMS.license, "licence", LICENCES[self._manifest.licence])
        else:
            self._add(node, DCTERMS.license, URIRef(self._manifest.licence))

    def _authority(self, node: URIRef, key: URIRef, scheme: str, code: str) -> None:
        """Give a value out of a list of the EU, and say of which: DCAT-AP-NO asks for both."""
        value = URIRef(f"{EU}/{scheme}/{code}")
        self._add(node, key, value)
        self._add(value, SKOS.inScheme, URIRef(f"{EU}/{scheme}"))

    def _languages(self, node: URIRef) -> None:
        for language in LANGUAGES:
            self._authority(node, DCTERMS.language, "language", LANGUAGE_CODES[language])

    def _say(self, node: URIRef, key: URIRef, words: str, **values: object) -> None:
        for language in LANGUAGES:
            self._add(node, key, Literal(Speech.of(language).say(words, **values), lang=language))

    def _iri(self, path: str) -> URIRef:
        return URIRef(self._base + path)

    def _add(self, subject: URIRef, predicate: URIRef, value: URIRef | Literal) -> None:
        self.graph.add((subject, predicate, value))
