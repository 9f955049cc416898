"""IRIs, prefixes, the list of our own terms, and labels with their order of languages."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, cached_property
from importlib.abc import Traversable
from pathlib import Path

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import SH
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.term import Node

from kg.model import LANGUAGES, InputError, Language
from kg.resources import resource, text

DEFAULT_BASE = "https://w3id.org/bustadgraf/"

OWN_NAME = re.compile(r"\bbso:(\w+)")

LABEL_ORDER: Mapping[Language, tuple[str, ...]] = {
    "nn": ("nn", "nb", "no", "en"),
    "nb": ("nb", "nn", "no", "en"),
    "en": ("en", "nb", "nn", "no"),
}


@dataclass(frozen=True)
class OwnTerm:
    """One row of ``ontology/terms.csv``: a class or property of ours with its words."""

    name: str
    kind: str
    module: str
    label: Mapping[Language, str]
    definition: Mapping[Language, str]


@dataclass(frozen=True)
class Terms:
    """Names of the house for one base: ``expand``, ``compress``, the own terms, the nearest known name.

    >>> Terms().expand("initiative:bokontakt")
    'https://w3id.org/bustadgraf/id/initiative/bokontakt'
    >>> Terms().compress("https://w3id.org/bustadgraf/kos/target-group/refugees")
    'group:refugees'
    """

    base: str = DEFAULT_BASE

    @cached_property
    def prefixes(self) -> Mapping[str, str]:
        """Prefix → namespace IRI, from ``ontology/prefixes.ttl``, with this base."""
        return {prefix: self.rebase(namespace) for prefix, namespace in _declared_prefixes().items()}

    @cached_property
    def own(self) -> Mapping[str, OwnTerm]:
        """Local name → term, from ``ontology/terms.csv``."""
        return _own_terms()

    def rebase(self, text: str) -> str:
        """Put this base where *text* (an IRI, Turtle, SPARQL) has the default one."""
        return text if self.base == DEFAULT_BASE else text.replace(DEFAULT_BASE, self.base)

    def expand(self, name: str) -> str:
        """Turn a CURIE into an IRI; a full IRI stays as it is. Raise :class:`KeyError` for an unknown prefix."""
        prefix, colon, local = name.partition(":")
        if not colon or local.startswith("//"):
            return name
        return self.prefixes[prefix] + local

    def uri(self, name: str) -> URIRef:
        """Like :meth:`expand`, as an rdflib term; a bare local name is one of ``bso:``."""
        return URIRef(self.expand(name if ":" in name else f"bso:{name}"))

    def compress(self, iri: str) -> str:
        """Turn an IRI into a CURIE where a declared prefix leaves a plain local name; else give it back."""
        for prefix, namespace in self._longest_first:
            local = iri[len(namespace) :]
            if iri.startswith(namespace) and local and not set(local) & set("/#?"):
                return f"{prefix}:{local}"
        return iri

    def sparql_prefixes(self) -> str:
        """All declarations as a SPARQL prologue."""
        return "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in sorted(self.prefixes.items()))

    def graph(self, name: str) -> URIRef:
        """Name one of the named graphs: ``ontology``, ``kos``, ``dataset``, ``inferred``, ``source/ID``."""
        return URIRef(f"{self.base}graph/{name}")

    @cached_property
    def _longest_first(self) -> tuple[tuple[str, str], ...]:
        return tuple(sorted(self.prefixes.items(), key=lambda pair: -len(pair[1])))


def nearest(value: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Return up to *count* known names most like *value*, best first.

    >>> nearest("offerdIn", ["offeredIn", "targets", "offersHelp"], 1)
    ('offeredIn',)
    """
    folded = {name.casefold(): name for name in known}
    return tuple(folded[hit] for hit in get_close_matches(value.casefold(), folded, count, cutoff=0.5))


def best_label(labels: Mapping[str, str], language: Language) -> tuple[str, str] | None:
    """Choose the label to show in *language* and say which language it is in; ``None`` where there is none."""
    for tag in LABEL_ORDER[language]:
        if tag in labels:
            return labels[tag], tag
    return next(((labels[tag], tag) for tag in sorted(labels)), None)


def words_by_tag(graph: Graph, node: Node, key: URIRef) -> dict[str, str]:
    """Return the texts of *node* under *key* by language tag (``""``: none), the first of several in one language."""
    texts: dict[str, str] = {}
    for literal in sorted(graph.objects(node, key), key=str):
        if isinstance(literal, Literal):
            texts.setdefault(literal.language or "", str(literal))
    return texts


def in_our_languages(texts: Mapping[str, str]) -> Mapping[Language, str]:
    """Return the best text for each of our languages; empty where there is none at all."""
    best = {language: best_label(texts, language) for language in LANGUAGES}
    return {language: found[0] for language, found in best.items() if found}


def turtle_graph(file: Traversable, terms: "Terms", known: Collection[str] | None = None) -> Graph:
    """Return a Turtle file of ontology or shapes as a graph, for the base of *terms*.

    Raise :class:`InputError`, with file and line, where it is no Turtle, or names a term of ours that is not among
    the local names *known*.
    """
    written, graph = file.read_text(encoding="utf-8"), Graph()
    try:
        graph.parse(data=terms.rebase(written), format="turtle")
    except BadSyntax as error:
        line, why = what_is_bad(error)
        raise InputError(f"{_shown(file)}:{line}: {why}.") from error
    except IndexError as error:  # rdflib at the end of the text
        line = written.rstrip().count("\n") + 1
        raise InputError(f"{_shown(file)}:{line}: the file ends in the middle of a sentence.") from error
    if known is not None:
        _refuse_unknown(file, written, known)
    return graph


def what_is_bad(error: BadSyntax) -> tuple[int, str]:
    """Return line and reason of a syntax error in Turtle; the line that rdflib tells counts some lines twice."""
    why = re.search(r"Bad syntax \((.*?)\) at \^", str(error), re.DOTALL)
    return error._str.decode()[: error._i].count("\n") + 1, why[1] if why else "bad syntax"


def _refuse_unknown(file: Traversable, written: str, known: Collection[str]) -> None:
    for number, line in enumerate(written.split("\n"), 1):
        for name in OWN_NAME.findall(line):
            if name not in known:
                near = ", ".join(f"bso:{each}" for each in nearest(name, known))
                raise InputError(
                    f"{_shown(file)}:{number}: bso:{name} is no term of ours. Nearest: {near or 'none'}. "
                    "Correct it, or give it a row in terms.csv."
                )


def _shown(file: Traversable) -> str:
    return "/".join(Path(str(file)).parts[-2:])


@cache
def _declared_prefixes() -> Mapping[str, str]:
    graph = turtle_graph(resource("ontology").joinpath("prefixes.ttl"), Terms())
    return {
        str(graph.value(node, SH.prefix)): str(graph.value(node, SH.namespace))
        for node in graph.objects(None, SH.declare)
    }


@cache
def _own_terms() -> Mapping[str, OwnTerm]:
    return own_terms(text("ontology", "terms.csv"))


def own_terms(table: str) -> Mapping[str, OwnTerm]:
    """Read the text of a ``terms.csv``: local name → term. Raise :class:`InputError` for a row with an empty cell."""
    rows = csv.DictReader(io.StringIO(table))
    return {
        row["term"]: OwnTerm(
            name=row["term"],
            kind=row["kind"],
            module=row["module"],
            label={"nn": row["nn"], "nb": row["nb"], "en": row["en"]},
            definition={"nn": row["definition_nn"], "nb": row["definition_nb"], "en": row["definition_en"]},
        )
        for row in _complete(rows)
    }


def _complete(rows: "csv.DictReader[str]") -> Iterator[dict[str, str]]:
    for row in rows:
        empty = [column for column, cell in row.items() if not (cell or "").strip()]
        if empty:
            raise InputError(
                f"ontology/terms.csv:{rows.line_num}: {row['term'] or 'a term'} has nothing in {', '.join(empty)}. "
                "Every term has a label and a definition in nynorsk, bokmål and English."
            )
        yield row


@cache
def shipped_concepts() -> frozenset[str]:
    """Return the CURIEs of every concept in ``ontology/kos/`` (default base)."""
    terms = Terms()
    found: set[str] = set()
    for entry in resource("ontology").joinpath("kos").iterdir():
        if entry.name.endswith(".ttl"):
            graph = turtle_graph(entry, terms)
            found.update(terms.compress(str(subject)) for subject in graph.subjects(unique=True))
    return frozenset(name for name in found if not name.startswith("http"))
