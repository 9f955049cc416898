"""Words around an answer: labels fetched at once, lists, numbers, sentences filled in three languages."""

from collections.abc import Iterable, Mapping, Sequence

from kg.engine import Engine
from kg.model import LANGUAGES, Language
from kg.questions.catalogue import Catalogue, Words, capital
from kg.questions.rows import Cell
from kg.terms import Terms, best_label

Labels = Mapping[str, Mapping[str, str]]

LONGEST_LIST = 6


def fetch_labels(engine: Engine, catalogue: Catalogue, iris: Iterable[str]) -> Labels:
    """Return IRI → language tag → label of all *iris*, by one query; relations of other vocabularies have our words."""
    wanted = sorted(set(iris))
    found: dict[str, dict[str, str]] = {}
    if wanted:
        for row in engine.select(catalogue.shared["labels"].bind(thing=wanted)):
            label = row["label"]
            found.setdefault(row["thing"].value, {}).setdefault(label.lang or "", label.value)
    borrowed = {Terms().expand(curie): words for curie, words in catalogue.words["why"]["verbs"].items()}
    return {**{iri: borrowed[iri] for iri in wanted if iri in borrowed}, **found}


def name_of(iri: str, labels: Labels, terms: Terms, language: Language) -> tuple[str, str | None]:
    """Return the label to show for *iri* and its language; a thing without label shows its CURIE."""
    return best_label(labels.get(iri, {}), language) or (terms.compress(iri), None)


def shown(cell: Cell, labels: Labels, terms: Terms, language: Language) -> tuple[str, str | None]:
    """Return the text to show for *cell* and its language."""
    if cell.iri:
        return name_of(cell.iri, labels, terms, language)
    return best_label(cell.translations, language) or (cell.value or "", cell.lang)


def listed(names: Iterable[str], catalogue: Catalogue, language: Language) -> str:
    """Write *names* as people do, without repeats: «A, B og C»; a long list ends in «og 4 til»."""
    each = list(dict.fromkeys(names))
    if len(each) > LONGEST_LIST + 1:
        more = catalogue.words["more"][language].format(count=number(len(each) - LONGEST_LIST, catalogue, language))
        each = [*each[:LONGEST_LIST], more]
    if len(each) < 2:
        return "".join(each)
    return f"{', '.join(each[:-1])} {catalogue.words['conjunction'][language]} {each[-1]}"


def number(count: int, catalogue: Catalogue, language: Language) -> str:
    """Write a number, in letters from two to twelve."""
    words: Sequence[str | None] = catalogue.words["numbers"][language]
    return (words[count] if count < len(words) else None) or str(count)


def in_all_languages(patterns: Words, values: Mapping[Language, Mapping[str, str]]) -> Words:
    """Fill the marks of *patterns* with the *values* of each language, begin with a capital and end a question once."""
    filled = {language: patterns[language].format_map(values[language]) for language in LANGUAGES}
    return {language: capital(text.replace("?.", "?").replace("??", "?")) for language, text in filled.items()}
