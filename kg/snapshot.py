"""A corpus becomes an immutable snapshot, named by its content, that appears whole or not at all."""

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Self

from rdflib import OWL, RDF, Dataset, Graph, Literal
from rdflib.namespace import DCTERMS, VOID

from kg import __version__
from kg.clashing import clashes
from kg.corpus import anchors_json, find_corpus, load
from kg.dataset import accepted, to_dataset
from kg.disclosure import Leak, leaks, public
from kg.explaining import contradictions, places
from kg.model import (
    Block,
    Contradiction,
    Corpus,
    Document,
    EnvironmentFailure,
    Finding,
    InputError,
    Language,
    Problem,
    Reason,
    Saying,
)
from kg.ontology import kos_graph, ontology_graph
from kg.reasoning import closure
from kg.resources import resource
from kg.revalidation import MEMORY, Outcome, revalidate
from kg.terms import Terms
from kg.validation import is_privacy, order_of

DATA, HELPER, FINDINGS, MANIFEST, REPORT = "data.nq", "helper.nq", "findings.json", "snapshot.json", "report.json"
NAME_LENGTH = 12
NOTHING = Path(os.devnull)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Manifest:
    """What a snapshot says of itself. *files* maps each file to its SHA-256; there is no clock and no path in it."""

    name: str
    title: Mapping[Language, str]
    base: str
    licence: str
    fiction: bool
    languages: tuple[str, ...]
    counts: Mapping[str, int]
    ontology: str
    program: str
    files: Mapping[str, str]


@dataclass(frozen=True)
class Snapshot:
    """A built, public, read-only data set in a folder."""

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the snapshot folder *path*, or the current snapshot of the out folder *path*, and check every byte.

        Raises :class:`InputError` where there is none or it is damaged.
        """
        folder = path if (path / MANIFEST).is_file() else path / "current"
        if not is_in(path):
            raise InputError(f"There is no snapshot in {path}. Run `bustadgraf build` first, or point to one.")
        folder = folder.resolve()
        snapshot = cls(folder, _manifest(folder))
        for name, checksum in snapshot.manifest.files.items():
            if _checksum_of(folder / name) != checksum:
                raise _damaged(folder, f"{name} is not as it was built")
        return snapshot

    @property
    def name(self) -> str:
        """The first digits of the SHA-256 of the data."""
        return self.manifest.name

    @property
    def data_path(self) -> Path:
        """All public quads, sorted: what dumps and exports are made of."""
        return self.path / DATA

    def quad_files(self) -> tuple[Path, ...]:
        """Return the files an engine loads: the data, and the helper triples that no dump holds."""
        return self.path / DATA, self.path / HELPER

    def dataset(self) -> Dataset:
        """Return the public quads as they were built."""
        dataset = Dataset()
        dataset.parse(self.data_path, format="nquads")
        return dataset

    def document(self, source: str) -> Document | None:
        """Return the text of the open source with this id; ``None`` where the snapshot holds none."""
        name = _document_name(source)
        if name not in self.manifest.files:
            return None
        kept = json.loads((self.path / name).read_text(encoding="utf-8"))
        blocks = tuple(Block(**block) for block in kept.pop("blocks"))
        return Document(**{**kept, "blocks": blocks, "speakers": tuple(kept["speakers"])})

    def findings(self) -> tuple[Finding, ...]:
        """Return what the shapes found in this snapshot."""
        return tuple(map(_finding, json.loads((self.path / FINDINGS).read_text(encoding="utf-8"))))


@dataclass(frozen=True)
class BuildReport:
    """How a build went.

    *passages* counts those that a published statement rests on, *candidates* those of open sources only,
    *validated* the sources that were validated anew. *violations* includes the leaks. *problems* holds
    everything wrong with the corpus and is meant for the person at the terminal; of sources that are not
    open, ``report.json`` says nothing.
    """

    snapshot: str | None
    published: bool
    sources: int
    passages: int
    statements: int
    candidates: int
    inferred: int
    validated: int = 0
    problems: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()
    leaks: tuple[Leak, ...] = ()

    @property
    def violations(self) -> int:
        """How many findings and leaks break a rule."""
        return sum(finding.severity == "violation" for finding in self.findings) + len(self.leaks)

    @property
    def warnings(self) -> int:
        """How many findings and problems are worth a look and no more."""
        found = sum(finding.severity == "warning" for finding in self.findings)
        return found + sum(problem.kind == "warning" for problem in self.problems)

    @property
    def orphans(self) -> int:
        """How many quotes were not found, or found twice, in their text."""
        return sum(problem.kind == "orphan" for problem in self.problems)

    @property
    def errors(self) -> int:
        """How many problems keep the corpus from being read whole."""
        return sum(problem.kind == "error" for problem in self.problems)

    def counts(self) -> dict[str, str | int | None]:
        """Return what ``build`` prints, in that order."""
        names = "snapshot sources passages statements candidates inferred violations warnings orphans"
        return {name: getattr(self, name) for name in names.split()}


@dataclass(frozen=True)
class Edition:
    """A snapshot before it is written: every file, its name, and what was found on the way."""

    corpus: Corpus
    dataset: Dataset
    inferred: int
    checked: Outcome
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the shapes and the rules found."""
        return tuple(sorted((*self.contradictions, *self.checked.findings), key=order_of))

    @property
    def terms(self) -> Terms:
        """The names of this corpus's base."""
        return Terms(self.corpus.base)

    @cached_property
    def name(self) -> str:
        """The first digits of the SHA-256 of the sorted N-Quads that do not mention the snapshot."""
        return sha256(_joined(self._quads)).hexdigest()[:NAME_LENGTH]

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """Every file of the snapshot by its name, the manifest last."""
        data = sorted(self._quads + _quads(self._naming))
        files = {
            DATA: _joined(data),
            HELPER: b"",
            FINDINGS: _json(_told(self.findings)),
            **{
                _document_name(source.id): _json(_document(source.document))
                for source in self.corpus.sources
                if source.document
            },
        }
        checksums = {name: sha256(content).hexdigest() for name, content in files.items()}
        return {**files, MANIFEST: _json(asdict(self._manifest(len(data), checksums)))}

    @cached_property
    def _quads(self) -> list[str]:
        return sorted(_quads(self.dataset))

    @property
    def _naming(self) -> Dataset:
        """The triples that mention the snapshot."""
        graph, version = self.terms.graph("dataset"), self.terms.uri(f"{self.terms.base}version/{self.name}")
        naming = Dataset()
        naming.add((graph, DCTERMS.hasVersion, version, naming.graph(graph)))
        naming.add((version, RDF.type, VOID.Dataset, naming.graph(graph)))
        naming.add((version, DCTERMS.isVersionOf, graph, naming.graph(graph)))
        naming.add((version, DCTERMS.identifier, Literal(self.name), naming.graph(graph)))
        return naming

    def _manifest(self, triples: int, checksums: Mapping[str, str]) -> Manifest:
        counts = _counts(self.corpus)
        del counts["candidates"]
        return Manifest(
            name=self.name,
            title=self.corpus.title,
            base=self.corpus.base,
            licence=self.corpus.licence,
            fiction=self.corpus.fiction,
            languages=self.corpus.languages,
            counts={**counts, "inferred": self.inferred, "triples": triples},
            ontology=str(self.dataset.value(self.dataset.value(None, RDF.type, OWL.Ontology), OWL.versionInfo)),
            program=__version__,
            files=checksums,
        )


def build(
    corpus: str | Path,
    out: Path,
    *,
    allow_violations: bool = False,
    jobs: int = 1,
    progress: Progress = lambda _step: None,
) -> BuildReport:
    """Go the whole way from *corpus* (a folder, or the name of a shipped one) to a snapshot in *out*.

    Nothing is published, and the previous snapshot stays current, where the corpus has errors,
    where something confidential would get out, and, unless *allow_violations*, where quotes were
    not found or shapes are violated. Raises :class:`kg.model.CorpusError` for a folder that is no
    corpus and :class:`EnvironmentFailure` for a full disk or a folder that cannot be written.
    """
    whole = load(find_corpus(corpus), jobs=jobs, progress=progress)
    if any(problem.kind == "error" for problem in whole.problems):
        report = BuildReport(
            snapshot=None,
            published=False,
            **_counts(public(whole)),
            inferred=0,
            problems=whole.problems,
            findings=(),
            leaks=(),
        )
        _write_report(report, whole, out)
        return report
    edition = prepare(whole, progress, out / MEMORY)
    progress("looking for leaks")
    report = _report(edition, whole, _gate(edition, whole), allow_violations)
    if report.published:
        progress("writing")
        _publish(edition, out)
    _write_report(report, whole, out)
    _keep_anchors(whole)
    if report.published:
        with suppress(OSError), locked(out):  # without it the next check only takes longer
            _replace(out / MEMORY, edition.checked.memory)
    return report


def is_in(path: Path) -> bool:
    """Say whether *path* is a snapshot folder or an out folder with a current one."""
    return any((folder / MANIFEST).is_file() for folder in (path, path / "current"))


def prepare(whole: Corpus, progress: Progress = lambda _step: None, memory: Path = NOTHING) -> Edition:
    """Take what may be public of *whole*, write it as RDF, reason over it and check it.

    What the file *memory* knows of the last check need not be checked again.
    """
    corpus = public(whole)
    terms = Terms(corpus.base)
    progress("writing statements as RDF")
    dataset = to_dataset(corpus, terms)
    progress("reasoning")
    inferred = closure(dataset)
    progress("looking for contradictions")
    found = contradictions(clashes(dataset, terms), dataset, terms, places(corpus, terms))
    progress("checking shapes")
    checked = revalidate(dataset, terms, inferred, memory)
    graph = dataset.graph(terms.graph("inferred"))
    for triple in inferred:
        graph.add(triple)
    return Edition(corpus, dataset, len(inferred), checked, found)


def _report(edition: Edition, whole: Corpus, found: tuple[Leak, ...], allow_violations: bool) -> BuildReport:
    counts = _counts(edition.corpus)
    broken = [finding for finding in edition.findings if finding.severity == "violation"]
    orphaned = any(problem.kind == "orphan" for problem in whole.problems)
    private = bool(found) or any(map(is_privacy, broken))
    published = not private and (allow_violations or not (broken or orphaned))
    return BuildReport(
        snapshot=edition.name if published else None,
        published=published,
        **counts,
        inferred=edition.inferred,
        validated=len(edition.checked.anew),
        problems=whole.problems,
        findings=edition.findings,
        leaks=found,
    )


def _counts(corpus: Corpus) -> dict[str, int]:
    statements = [statement for source in corpus.sources for statement in accepted(source.statements)]
    coded = [statement for source in corpus.sources for statement in source.statements]
    return {
        "sources": len(corpus.sources),
        "passages": len({(said.source, said.passage.start, said.passage.end) for said in statements}),
        "statements": len(statements),
        "candidates": sum(statement.status == "candidate" for statement in coded),
    }


def _gate(edition: Edition, whole: Corpus) -> tuple[Leak, ...]:
    shipped = (_words_of(ontology_graph(edition.terms)), _words_of(kos_graph(edition.terms)))
    return leaks(whole, edition.files.items(), shipped)


def _words_of(graph: Graph) -> str:
    return "\n".join(sorted(str(value) for value in graph.objects() if isinstance(value, Literal)))


def _told(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Give *findings* for a file: the lines of the corpus are only told to who builds it."""
    written = [asdict(finding) for finding in findings]
    for said in (said for finding in written for reason in finding.get("because", ()) for said in reason["said"]):
        del said["place"]
    return written


def _finding(written: dict[str, Any]) -> Finding:
    """Read back what :func:`_told` gave."""
    if "because" not in written:
        return Finding(**written)
    said = [tuple(Saying(**each) for each in reason["said"]) for reason in written["because"]]
    reasons = [Reason(**{**reason, "said": each}) for reason, each in zip(written["because"], said, strict=True)]
    return Contradiction(**{**written, "because": tuple(reasons)})


def _is_other(target: Path, files: Mapping[str, bytes]) -> bool:
    """Say whether the same data was found otherwise before, by other shapes or another program."""
    return any((target / name).read_bytes() != content for name, content in files.items())


def _publish(edition: Edition, out: Path) -> None:
    """Write the snapshot beside the others, whole or not at all, then make it the current one."""
    building, target = out / "snapshots" / ".building", out / "snapshots" / edition.name
    with surroundings(out, sum(map(len, edition.files.values()))), locked(out):
        shutil.rmtree(building, ignore_errors=True)  # of a build that died; a living one holds the lock
        if not _is_whole(target) or _is_other(target, edition.files):
            try:
                _write_folder(edition.files, building)
                shutil.rmtree(target, ignore_errors=True)
                building.replace(target)
                sync(target.parent)
            except BaseException:
                shutil.rmtree(building, ignore_errors=True)
                raise
        _point(out / "current", target)


def _is_whole(folder: Path) -> bool:
    try:
        return Snapshot.open(folder).name == folder.name
    except InputError:
        return False


def _write_folder(files: Mapping[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    for kept in {(folder / name).parent for name in files}:
        sync(kept)


def sync(folder: Path) -> None:
    """Have the system write down which files *folder* holds."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _point(link: Path, target: Path) -> None:
    """Make *link* lead to *target* in one step; readers see the old snapshot or the new one."""
    fresh = link.with_name(f".{link.name}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target.relative_to(link.parent))
    fresh.replace(link)
    sync(link.parent)


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Let one process at a time write to *out*; the system frees the lock of a process that dies."""
    with (out / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def surroundings(out: Path, needed: int = 0, kept: str = "The previous snapshot is untouched.") -> Iterator[None]:
    """Make the folder *out*, and tell in words what the disk refuses, and what is *kept*; *needed* is in bytes."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise EnvironmentFailure(_refusal(error, out, needed, kept)) from error


def _refusal(error: OSError, out: Path, needed: int, kept: str) -> str:
    if error.errno in FULL:
        size = f"The snapshot needs {needed / 1e6:.1f} MB. " if needed else ""
        return f"There is no room left in {out}. {size}Free some space or choose another folder with --out. {kept}"
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return f"{error.filename or out} may not be written. Choose another folder with --out. {kept}"
    return f"Cannot write to {error.filename or out}: {error.strerror or error}. {kept}"


def _write_report(report: BuildReport, whole: Corpus, out: Path) -> None:
    """Keep the last report beside the snapshots, without what concerns sources that are not open."""
    problems = [_json(asdict(problem)) for problem in public(whole).problems]
    leaking = {leak.file for leak in leaks(whole, ((str(at), content) for at, content in enumerate(problems)))}
    shown = [json.loads(content) for at, content in enumerate(problems) if str(at) not in leaking]
    content = {
        **report.counts(),
        "orphans": sum(problem["kind"] == "orphan" for problem in shown),
        "published": report.published,
        "problems": shown,
        "findings": [] if report.leaks else _told(report.findings),
        "leaks": [str(leak) for leak in report.leaks],
    }
    with surroundings(out), locked(out):
        _replace(out / REPORT, _json(content))


def _keep_anchors(corpus: Corpus) -> None:
    """Write down beside each coding file where its quotes stand; never into a corpus that came with the program."""
    shipped = resource("corpora")
    if isinstance(shipped, Path) and corpus.path.resolve().is_relative_to(shipped.resolve()):
        return
    for source in corpus.sources:
        folder = corpus.path / "sources" / source.id
        for coder in source.coders if os.access(folder, os.W_OK) else ():
            path, content = folder / f"{coder.id}.anchors.json", anchors_json(source, coder.id).encode()
            with surroundings(folder):
                if not path.is_file() or path.read_bytes() != content:
                    _replace(path, content)


def _replace(path: Path, content: bytes) -> None:
    """Write *path* in one step: a reader sees the old bytes or the new."""
    fresh = path.with_name(f".{path.name}")
    fresh.write_bytes(content)
    fresh.replace(path)


def _manifest(folder: Path) -> Manifest:
    try:
        kept = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Manifest(**{**kept, "languages": tuple(kept["languages"])})
    except (ValueError, TypeError, KeyError) as error:
        raise _damaged(folder, f"{MANIFEST} cannot be read") from error


def _damaged(folder: Path, what: str) -> InputError:
    return InputError(f"The snapshot in {folder} is damaged: {what}. Run `bustadgraf build` to make it anew.")


def _checksum_of(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _document_name(source: str) -> str:
    return f"documents/{source}.json"


def _document(document: Document) -> dict[str, Any]:
    kept = asdict(document)
    del kept["warnings"]
    return kept


def _quads(dataset: Dataset) -> list[str]:
    return [line for line in dataset.serialize(format="nquads").split("\n") if line]


def _joined(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
