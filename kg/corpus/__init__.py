"""A corpus folder becomes a :class:`kg.model.Corpus`; everything wrong with it becomes a problem with file and line."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from kg.corpus.entities import Declared, read_entities, read_head
from kg.corpus.fields import Notes, shown
from kg.corpus.sources import Loaded, is_inside, read_source, source_ids
from kg.corpus.vocabulary import Vocabulary
from kg.model import Corpus, CorpusError, Problem, Source
from kg.resources import resource
from kg.terms import nearest

__all__ = ["Progress", "anchors_json", "find_corpus", "load"]

Progress = Callable[[str], None]


def find_corpus(name_or_path: str | Path) -> Path:
    """Return the folder of a corpus: a shipped one by name (``field``, ``example``), else a path.

    Raise :class:`CorpusError` with the nearest names where there is neither.
    """
    shipped = {entry.name: entry for entry in resource("corpora").iterdir() if entry.is_dir()}
    wanted = str(name_or_path)
    if (found := shipped.get(wanted)) and isinstance(found, Path):
        return found
    path = Path(name_or_path)
    if path.is_dir():
        return path
    beside = (
        [entry.name for entry in path.parent.iterdir() if (entry / "corpus.yaml").is_file()]
        if path.parent.is_dir()
        else []
    )
    near = nearest(path.name, [*shipped, *beside]) or tuple(sorted(shipped))
    raise CorpusError(
        f"{wanted}: there is no such corpus. Nearest: {', '.join(near)}. "
        f"Give a folder with corpus.yaml in it, or one of the shipped corpora: {', '.join(sorted(shipped))}."
    )


def load(path: Path, *, jobs: int = 1, progress: Progress | None = None) -> Corpus:
    """Read the corpus folder at *path*; *jobs* sources are read at once.

    Raise :class:`CorpusError` only where there is no folder or no ``corpus.yaml``; whatever else is
    wrong stands in ``problems``, sorted by file and line, and the rest is read.
    """
    head_file = path / "corpus.yaml"
    if not path.is_dir():
        raise CorpusError(f"{path}: there is no such folder. Give the folder of a corpus.")
    if not head_file.is_file() or not is_inside(path, head_file):
        hint = "`bustadgraf corpus example FOLDER` gives a corpus to start from."
        raise CorpusError(f"{path}: there is no corpus.yaml in the folder. {hint}")
    tell = progress or (lambda _step: None)
    tell("reading corpus.yaml and entities.yaml")
    notes = Notes("corpus.yaml")
    head = read_head(head_file, notes)
    ids, problems = source_ids(path)
    declared, entity_problems = _entities(path, ids)
    if not declared.readable:
        untold = "names of entities in other files were not checked, because this one could not be read."
        entity_problems.append(Problem("entities.yaml", None, untold, kind="warning"))
    loaded = _sources(path, ids, declared, jobs, tell)
    sources = tuple(each.source for each in loaded if each.source)
    found = [*notes.problems, *problems, *entity_problems, *(problem for each in loaded for problem in each.problems)]
    return Corpus(
        path=path,
        title=head.title,
        base=head.base,
        licence=head.licence,
        languages=head.languages,
        fiction=head.fiction,
        entities=declared.entities,
        sources=sources,
        problems=tuple(sorted([*found, *_clashes(sources)], key=lambda problem: (problem.file, problem.line or 0))),
        name_coders=head.name_coders,
    )


def anchors_json(source: Source, coder: str) -> str:
    """Return the positions of *coder*'s statements in *source*, as ``<coder>.anchors.json`` holds them.

    Statement id → start and end in code points of the canonical text, and the words there;
    *text_sha256* is of that text in UTF-8. Sorted, so that the same input gives the same bytes.
    """
    text = source.document.text if source.document else ""
    anchors = {
        statement.id: {
            "start": statement.passage.start,
            "end": statement.passage.end,
            "exact": statement.passage.exact,
        }
        for statement in source.statements
        if statement.coder == coder
    }
    whole = {
        "source": source.id,
        "coder": coder,
        "text_sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
        "anchors": anchors,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _entities(path: Path, ids: Sequence[str]) -> tuple[Declared, list[Problem]]:
    notes = Notes("entities.yaml")
    file = path / "entities.yaml"
    if file.exists() and not is_inside(path, file):
        notes.error(
            None, "this leads out of the corpus folder and was not read.", hint="Copy the file into the corpus."
        )
        return Declared((), frozenset(f"source:{id}" for id in ids), readable=False), notes.problems
    return read_entities(file, notes, ids), notes.problems


def _sources(path: Path, ids: Sequence[str], declared: Declared, jobs: int, tell: Progress) -> list[Loaded]:
    vocabulary = Vocabulary(declared.names, checked=declared.readable)
    read = partial(read_source, path, entities=declared.entities, vocabulary=vocabulary)
    if jobs == 1 or len(ids) < 2:
        return [_told(loaded, id, tell) for id, loaded in zip(ids, map(read, ids), strict=True)]
    with ProcessPoolExecutor(min(jobs, len(ids))) as pool:
        return [_told(loaded, id, tell) for id, loaded in zip(ids, pool.map(read, ids), strict=True)]


def _told(loaded: Loaded, id: str, tell: Progress) -> Loaded:
    tell(f"read {id}")
    return loaded


def _clashes(sources: Iterable[Source]) -> list[Problem]:
    """Find statements whose names (source, coder and id joined by hyphens) are the same."""
    first: dict[str, tuple[str, int]] = {}
    problems = []
    for source in sources:
        for statement in source.statements:
            name = f"st:{source.id}-{statement.coder}-{statement.id}"
            file, line = first.setdefault(name, (statement.file, statement.line))
            if (file, line) != (statement.file, statement.line):
                message = f"the statement gets the name {shown(name)}, which the one at {file}:{line} has already."
                hint = "Give it another id."
                problems.append(Problem(statement.file, statement.line, message, statement.id, (), hint))
    return problems
