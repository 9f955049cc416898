"""The command line: parses, calls, prints; every error becomes one message and an exit code here."""

# ruff: noqa: D301 - click keeps the lines of a paragraph that begins with a backspace, no backslash

import sys

try:
    import json
    import os
    import shutil
    import signal
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import contextmanager
    from dataclasses import asdict, dataclass, field, replace
    from datetime import UTC, datetime
    from functools import cached_property
    from pathlib import Path
    from typing import TYPE_CHECKING, Any, TextIO, TypeVar

    import click

    from kg import __version__
    from kg.model import (
        LANGUAGES,
        BustadgrafError,
        Contradiction,
        DeadlineExceeded,
        Document,
        EngineUnavailable,
        EnvironmentFailure,
        Finding,
        InputError,
        Language,
        MemoryExceeded,
        Problem,
        Saying,
    )
except KeyboardInterrupt:  # the command has not begun, so its edge cannot tell
    sys.stderr.write("Stopped.\n")
    sys.exit(130)

if TYPE_CHECKING:  # each command imports what it runs, so that --help is quick
    from rdflib import Dataset

    from kg.consistency import Outcome
    from kg.engine import PoolEngine
    from kg.snapshot import BuildReport, Snapshot
    from kg.terms import Terms
    from kg.validation import Report
    from web.publication import Publication

SHOWN = 90
FINE, VIOLATIONS, WRONG_USE, ENVIRONMENT, INTERRUPTED = 0, 1, 2, 3, 130

EXISTING = click.Path(path_type=Path, exists=True, dir_okay=False)

Command = TypeVar("Command", bound=Callable[..., Any])


class Edge(click.Group):
    """The outermost edge: turns what the library raises into words on stderr and an exit code."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: D102 - click's own contract
        try:
            return super().main(*args, **{**kwargs, "standalone_mode": False}) or sys.exit(FINE)
        except click.exceptions.Exit as asked:
            sys.exit(asked.exit_code)
        except click.ClickException as error:
            error.show()
            sys.exit(WRONG_USE)
        except (click.Abort, KeyboardInterrupt):
            click.echo("Stopped.", err=True)
            sys.exit(INTERRUPTED)
        except BustadgrafError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(ENVIRONMENT if _is_environment(error) else WRONG_USE)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(FINE)
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            click.echo(f"Error: {error.strerror or error}{where}.", err=True)
            sys.exit(ENVIRONMENT)


def _is_environment(error: BustadgrafError) -> bool:
    return isinstance(error, EnvironmentFailure | DeadlineExceeded | MemoryExceeded | EngineUnavailable)


def snapshot_option(command: Command) -> Command:
    """Add ``--snapshot DIR``: a snapshot folder, or an out folder whose ``current`` is meant."""
    decorate = click.option(
        "--snapshot",
        "snapshot_path",
        type=click.Path(path_type=Path),
        help="A snapshot folder, or an out folder. [default: the out folder's current]",
    )
    return decorate(command)


def out_option(command: Command) -> Command:
    """Add ``--out DIR``: where snapshots and releases are kept."""
    told = "Where snapshots and releases are. [default: $BUSTADGRAF_OUT or ./bustadgraf-out]"
    return click.option("--out", type=click.Path(path_type=Path), help=told)(command)


def language_option(command: Command) -> Command:
    """Add ``--lang``."""
    told = "Nynorsk, bokmål or English for what is answered and found."
    return click.option("--lang", type=click.Choice(LANGUAGES), default="nn", show_default=True, help=told)(command)


def format_option(*forms: str, told: str) -> Callable[[Command], Command]:
    """Add ``--format``, one of *forms*, the first by default."""
    return click.option("--format", "form", type=click.Choice(forms), default=forms[0], show_default=True, help=told)


@click.group(cls=Edge, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="bustadgraf")
def main() -> None:
    """Documents and interviews in, a knowledge graph with evidence out.

    \b
    bustadgraf build                                build the shipped corpus of the field
    bustadgraf ask "Kven hjelper flyktningar?"      ask it a question
    bustadgraf serve                                browse it on http://127.0.0.1:5000
    """


@main.command()
@click.argument("corpus", default="field")
@click.option("--out", type=click.Path(path_type=Path), help="Where to. [default: $BUSTADGRAF_OUT or ./bustadgraf-out]")
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="How many sources to read at once."
)
@click.option("--allow-violations", is_flag=True, help="Publish in spite of violations; privacy violations never pass.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line in place of the table.")
@language_option
def build(corpus: str, out: Path | None, jobs: int, allow_violations: bool, as_json: bool, lang: Language) -> None:
    """Build CORPUS (a folder, or field or example) into a snapshot.

    \b
    bustadgraf build
    bustadgraf build my-corpus --out my-out
    bustadgraf build example --json | jq .statements
    """
    from kg import snapshot
    from kg.validation import render

    out = out or out_folder()
    with progress_line("Building") as step:
        report = snapshot.build(corpus, out, allow_violations=allow_violations, jobs=jobs, progress=step)
    for problem in report.problems:
        click.echo(str(_located(problem, corpus)), err=True)
    counts = report.counts()
    table = "\n".join(f"{name:<11} {'-' if value is None else value}" for name, value in counts.items())
    click.echo(json.dumps(counts) if as_json else table)
    if not report.errors:
        click.echo(f"Validated {report.validated} of {report.sources} sources.", err=True)
    for leak in report.leaks:
        click.echo(f"Leak: {leak}", err=True)
    if report.findings:
        click.echo(render([_placed(finding, corpus) for finding in report.findings], lang), err=True)
    if not report.published:
        kept = "the previous snapshot is still the current one" if snapshot.is_in(out) else "there is no snapshot yet"
        click.echo(f"Nothing was published; {kept}.", err=True)
    sys.exit(exit_code_of(report))


def _located(problem: Problem, corpus: str) -> Problem:
    """Return *problem* with the path before its file, where *corpus* is one, so that an editor finds it."""
    return replace(problem, file=_in_folder(problem.file, corpus))


def _placed(finding: Finding, corpus: str) -> Finding:
    """Return *finding* with the path before the files in which its reasons stand."""
    if not isinstance(finding, Contradiction):
        return finding

    def placed(said: Saying) -> Saying:
        return replace(said, place=_in_folder(said.place, corpus)) if said.place else said

    reasons = (replace(reason, said=tuple(map(placed, reason.said))) for reason in finding.because)
    return replace(finding, because=tuple(reasons))


def _in_folder(file: str, corpus: str) -> str:
    from kg.corpus import find_corpus

    given = Path(corpus)
    return str(given / file) if find_corpus(corpus) == given else file


def exit_code_of(report: "BuildReport") -> int:
    """2 where an input was wrong, 1 where the data is, else 0."""
    if any(problem.kind == "error" for problem in report.problems):
        return WRONG_USE
    return VIOLATIONS if report.violations or report.orphans else FINE


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="JSON Lines: one object a file.")
def read(files: tuple[Path, ...], as_json: bool) -> None:
    """Show how documents or interviews are read: blocks, speakers, languages.

    \b
    bustadgraf read report.html interview.txt
    bustadgraf read --json interview.txt | jq '.blocks[].speaker'
    """
    from kg.reading import read as read_document

    failed = False
    for path in files:
        try:
            document = read_document(path)
        except InputError as error:
            click.echo(f"Error: {error}", err=True)
            failed = True
            continue
        click.echo(_document_json(path, document) if as_json else _document_words(path, document))
        for warning in document.warnings:
            click.echo(f"{path.name}: {warning}", err=True)
    sys.exit(WRONG_USE if failed else FINE)


@main.command()
@click.argument("target", required=False)
@click.option("--data", type=click.Path(path_type=Path, exists=True), multiple=True, help="RDF files to check.")
@click.option("--shapes", type=click.Path(path_type=Path, exists=True), multiple=True, help="SHACL files.")
@click.option("--consistency", is_flag=True, help="Ask an OWL reasoner too.")
@click.option("--explain", is_flag=True, help="Ask it, and tell which axioms, statements and passages contradict.")
@format_option("text", "json", "ttl", told="Findings in words, as JSON, or as a SHACL report in Turtle.")
@snapshot_option
@language_option
def validate(
    target: str | None,
    data: tuple[Path, ...],
    shapes: tuple[Path, ...],
    consistency: bool,
    explain: bool,
    form: str,
    snapshot_path: Path | None,
    lang: Language,
) -> None:
    """Check a corpus, a snapshot, or any RDF with any shapes; say the findings in words.

    TARGET is a corpus folder or name, a snapshot or an out folder. [default: the current snapshot]

    \b
    bustadgraf validate
    bustadgraf validate my-corpus --lang en
    bustadgraf validate my-corpus --explain
    bustadgraf validate --data data.ttl --shapes shapes.ttl --format ttl
    """
    from kg import validation

    if bool(data) != bool(shapes):
        raise click.UsageError("--data and --shapes belong together.")
    if target and snapshot_path:
        raise click.UsageError("TARGET and --snapshot say the same thing; give one of them.")
    if data and (consistency or explain):
        raise click.UsageError("--consistency and --explain look at a corpus or a snapshot, not at --data.")
    examined = Examined(validation.check_files(data, shapes)) if data else _examined(target, snapshot_path)
    found = _reasoned(examined, why=explain) if consistency or explain else examined
    for problem in found.problems:
        click.echo(str(problem), err=True)
    if form == "ttl":
        click.echo(found.report.graph.serialize(format="turtle"), nl=False)
    elif form == "json":
        click.echo(validation.to_json(found.report.findings))
    else:
        click.echo(validation.render(found.report.findings, lang, terms=found.terms))
    if said := found.summary(lang):
        click.echo(said, err=form != "text")
    sys.exit(found.exit_code)


@dataclass(frozen=True)
class Examined:
    """What ``validate`` found: by the shapes, by the reader, by the rules or the reasoner."""

    shapes: "Report"
    terms: "Terms | None" = None
    problems: tuple[Problem, ...] = ()
    dataset: "Dataset | None" = None
    places: Mapping[str, str] = field(default_factory=dict)
    contradictions: tuple[Contradiction, ...] = ()
    outcome: "Outcome | None" = None

    @cached_property
    def report(self) -> "Report":
        """The findings of the shapes, and the contradictions among them."""
        from kg import validation

        return validation.joined(self.shapes, self.contradictions)

    def summary(self, lang: Language) -> str:
        """Say what the reasoner looked at, where it was asked."""
        from kg import explaining

        return explaining.summary(self.outcome, lang) if self.outcome else ""

    @property
    def exit_code(self) -> int:
        """2 where an input was wrong, 1 where the data is, else 0."""
        if any(problem.kind == "error" for problem in self.problems):
            return WRONG_USE
        broken = any(finding.severity == "violation" for finding in self.report.findings)
        orphaned = any(problem.kind == "orphan" for problem in self.problems)
        return VIOLATIONS if broken or orphaned else FINE


def _examined(target: str | None, snapshot_path: Path | None) -> Examined:
    """Check a snapshot (the current one by default) or a corpus."""
    from kg import explaining, snapshot, validation
    from kg.clashing import clashes
    from kg.corpus import find_corpus, load
    from kg.terms import Terms

    path = Path(target) if target else snapshot_path or out_folder()
    if target and not snapshot.is_in(path):
        whole = load(find_corpus(target))
        edition = snapshot.prepare(whole)
        problems = tuple(_located(problem, target) for problem in whole.problems)
        dataset, terms = edition.dataset, edition.terms
        places = {iri: _in_folder(place, target) for iri, place in explaining.places(whole, terms).items()}
    else:
        opened = snapshot.Snapshot.open(path)
        dataset, terms, problems, places = opened.dataset(), Terms(opened.manifest.base), (), {}
    report = validation.report(dataset, terms, dataset.graph(terms.graph("inferred")))
    found = explaining.contradictions(clashes(dataset, terms), dataset, terms, places)
    return Examined(report, terms, problems, dataset, places, found)


def _reasoned(examined: Examined, *, why: bool) -> Examined:
    """Ask the reasoner too. What the rules have explained is told once: by it, where it explains, else by them."""
    from kg import consistency, explaining

    if examined.dataset is None or examined.terms is None:
        return examined
    outcome = consistency.check(examined.dataset, examined.terms, why=why)
    told = explaining.contradictions(
        outcome.found, examined.dataset, examined.terms, examined.places, asked_why=outcome.asked_why
    )
    return replace(examined, contradictions=(why and told) or examined.contradictions or told, outcome=outcome)


@main.command()
@click.argument("question")
@format_option("text", "json", "csv", told="The answer in words, as JSON, or as a table.")
@snapshot_option
@language_option
def ask(question: str, form: str, snapshot_path: Path | None, lang: Language) -> None:
    """Ask QUESTION in nynorsk, bokmål or English; the answer comes with the passages it rests on.

    \b
    bustadgraf ask "Kven hjelper flyktningar inn på bustadmarknaden?"
    bustadgraf ask "Who is more critical of tendering?" --lang en --format csv
    """
    from kg import understanding
    from kg.questions import Catalogue

    with opened(snapshot_path) as (snapshot, terms, engine):
        reply = understanding.ask(question, lang, engine, Catalogue.load(terms), terms, version=snapshot.name)
        click.echo(
            {"text": reply.to_text, "json": reply.to_json_text, "csv": reply.to_csv}[form](lang), nl=form != "csv"
        )


@main.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--format", "form", help="json xml csv tsv, or ttl nt jsonld rdfxml. [default: json or ttl]")
@click.option("--why", is_flag=True, help="Tell why each triple of a CONSTRUCT holds: rule, premises, passages.")
@snapshot_option
@language_option
def query(file: TextIO, form: str | None, why: bool, snapshot_path: Path | None, lang: Language) -> None:
    """Run the SPARQL in FILE (- for standard input) on the current snapshot.

    \b
    bustadgraf query who-does-what.rq --format json
    echo 'ASK { ?s ?p ?o }' | bustadgraf query -
    bustadgraf query whom-they-serve.rq --why
    """
    from kg.engine import media_type_of
    from kg.questions import Catalogue, reasons

    if why and form:
        raise click.UsageError("--why tells in words; leave --format out.")
    with opened(snapshot_path) as (_, terms, engine):
        if why:
            for told in reasons(engine, Catalogue.load(terms), terms, file.read(), lang):
                click.echo(told)
            return
        for chunk in engine.query(file.read(), accept=media_type_of(form)).chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


class ExportCommand(click.Command):
    """The command whose help shows every format there is; they are looked up when the help is asked for."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: D102 - click's own
        from kg.export import FORMATS

        with formatter.section("Formats"):
            for form in FORMATS.values():
                formatter.write_text(f"bustadgraf export --format {form.name} --file bustadgraf.{form.suffix}")


@main.command(cls=ExportCommand)
@click.option("--format", "form", required=True, help="One of the formats below.")
@click.option(
    "--file", "target", required=True, type=click.Path(path_type=Path, allow_dash=True), help="Where to; - is stdout."
)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default="nn",
    show_default=True,
    help="Nynorsk, bokmål or English for the names in tables and networks.",
)
@snapshot_option
def export(form: str, target: Path, lang: Language, snapshot_path: Path | None) -> None:
    """Write the public data set in another format.

    The file appears whole or not at all, and names snapshot, licence and date of the data.

    \b
    bustadgraf export --format xlsx --file tables.xlsx --lang nb
    bustadgraf export --format nq --file - | gzip > bustadgraf.nq.gz
    """
    from kg import export as exporting

    with opened(snapshot_path) as (snapshot, terms, engine), progress_bar("Exporting") as progress:
        left = exporting.write(form, target, exporting.Origin(snapshot, terms, engine, lang, progress))
    if left and left.lacking:
        click.echo(str(left), err=True)


@main.command()
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
def corpus(name: str, folder: Path) -> None:
    """Copy the shipped corpus NAME to a new FOLDER, to start from.

    \b
    bustadgraf corpus field my-corpus
    """
    from kg.corpus import find_corpus

    if folder.exists():
        raise InputError(f"{folder} exists already; name a folder that does not.")
    shutil.copytree(find_corpus(name), folder)
    click.echo(f"Copied {name} to {folder}.")


@main.command()
@click.argument("label", required=False)
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day it is released. [default: today]")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a release.")
@out_option
@click.option("--snapshot", "version", help="A snapshot folder, an out folder, or a name. [default: the current one]")
def release(label: str | None, day: datetime | None, as_json: bool, out: Path | None, version: str | None) -> None:
    """Give a snapshot the LABEL for good, or list the releases that there are.

    A release keeps a copy of the snapshot that no build touches, and is served with ?v=LABEL. A label never moves.

    \b
    bustadgraf release 2026.12.1
    bustadgraf release 2026.12.1 --out my-out --snapshot 5d41402abc4b --date 2026-12-01
    bustadgraf release
    """
    from kg import releases

    home = out or (releases.home_of(Path(version)) if version else None) or out_folder()
    if label:
        snapshot = releases.locate(version or releases.CURRENT, home)
        made = [releases.release(label, snapshot, home, day.date() if day else datetime.now(UTC).date())]
    else:
        made = list(releases.releases(home))
    for each in made:
        told = {"label": each.label, "released": str(each.released), "snapshot": each.name, "manifest": each.manifest}
        click.echo(json.dumps(told) if as_json else f"{each.label:<16} {each.released}  {each.name}")
    for name in () if label else releases.labels(home):
        releases.read(home, name)  # a damaged one is told after those that are well


@main.command()
@click.argument("before")
@click.argument("after")
@click.option("--ontology", is_flag=True, help="Compare two versions of the ontology.")
@format_option("text", "json", told="The report in words or as JSON.")
@out_option
@language_option
def diff(before: str, after: str, ontology: bool, form: str, out: Path | None, lang: Language) -> None:
    """Tell what changed from BEFORE to AFTER: statements, things and sources, with sentence, source and passage.

    Each is a label, a snapshot's name, current, a snapshot or out folder, or a file of N-Quads or TriG.

    With --ontology each is a kept version, current (the shipped one), a folder laid out as ontology/, or an RDF file;
    it ends with 1 where the version number was raised too little for the changes.

    \b
    bustadgraf diff 2026.12.1 current
    bustadgraf diff my-old-out my-out --lang en --format json
    bustadgraf diff --ontology 0.1.0 current
    """
    told, fine = (_ontology_changes if ontology else _data_changes)(before, after, form, lang, out or out_folder())
    click.echo(told)
    sys.exit(FINE if fine else VIOLATIONS)


def _data_changes(before: str, after: str, form: str, lang: Language, out: Path) -> tuple[str, bool]:
    from kg import changes
    from kg.questions import Catalogue
    from kg.terms import Terms

    found = changes.compare(changes.open_version(before, out), changes.open_version(after, out))
    catalogue = Catalogue.load(Terms(found.after.base))
    return (_as_json(found.to_json(lang, catalogue)) if form == "json" else found.to_text(lang, catalogue)), True


def _ontology_changes(before: str, after: str, form: str, lang: Language, _out: Path) -> tuple[str, bool]:
    from kg import evolution
    from kg.terms import Terms

    terms = Terms()
    found = evolution.compare(evolution.load(before, terms), evolution.load(after, terms))
    return (_as_json(found.to_json(lang, terms)) if form == "json" else found.to_text(lang, terms)), found.enough


def _as_json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=5000, show_default=True, help="0 picks a free one.")
@click.argument("more", nargs=-1, type=EXISTING, metavar="")
@click.option("--data", type=EXISTING, multiple=True, metavar="FILE...", help="Serve these RDF files as they are.")
@click.option(
    "--engine", "engine_url", metavar="URL", help="Use this SPARQL 1.1 service in place of the built-in engine."
)
@click.option(
    "--processes", type=click.IntRange(1, 32), default=2, show_default=True, help="How many processes answer."
)
@click.option("--proxy", metavar="ADDRESS", help="Take the word of the reverse proxy at ADDRESS on who asks.")
@click.option(
    "--log",
    type=click.Choice(("paths", "queries", "none")),
    default="paths",
    show_default=True,
    help="Log requests to stderr, without what was asked or with it; never who asked.",
)
@snapshot_option
def serve(
    host: str,
    port: int,
    more: tuple[Path, ...],
    data: tuple[Path, ...],
    engine_url: str | None,
    processes: int,
    proxy: str | None,
    log: str,
    snapshot_path: Path | None,
) -> None:
    """Serve pages, questions and /sparql.

    \b
    bustadgraf serve
    bustadgraf serve --port 0 --snapshot my-out
    bustadgraf serve --data any.ttl more.nq
    bustadgraf serve --engine http://127.0.0.1:3030/ds/sparql
    """
    with uninterrupted():
        from web.server import Place
        from web.server import serve as run
        from web.traffic import Allowance

    if more and not data:
        raise click.UsageError("Put --data before the files to serve.")

    def ready(url: str) -> None:
        click.echo(f"Listening on {url}")
        sys.stdout.flush()

    publication = _publication((*data, *more), engine_url, snapshot_path)
    run(publication, Place(host, port, proxy), Allowance(log=log), processes, ready)


def _publication(files: tuple[Path, ...], engine_url: str | None, snapshot_path: Path | None) -> "Publication":
    """Open what is to be served: files as they are, a service with content of its own, or a snapshot."""
    from kg.engine import RemoteEngine, open_engine, open_files
    from kg.questions import Catalogue
    from kg.releases import home_of, releases
    from kg.snapshot import Snapshot, is_in
    from kg.terms import Terms
    from web.publication import Publication

    if files:
        return Publication(open_files(files), Terms())
    path = snapshot_path or out_folder()
    if engine_url and not snapshot_path and not is_in(path):
        return Publication(RemoteEngine(engine_url), Terms())
    snapshot = Snapshot.open(path)
    terms = Terms(snapshot.manifest.base)
    engine = RemoteEngine(engine_url) if engine_url else open_engine(snapshot)
    home = None if engine_url else home_of(snapshot.path)
    labels = [each.label for each in (releases(home) if home else ()) if each.name == snapshot.name]
    return Publication(engine, terms, snapshot, Catalogue.load(terms), home, labels[-1] if labels else None)


def _document_json(path: Path, document: Document) -> str:
    """One document as a JSON line, each block with its text."""
    blocks = [{**asdict(block), "text": document.text[block.start : block.end]} for block in document.blocks]
    return json.dumps({"file": path.name, **asdict(document), "blocks": blocks}, ensure_ascii=False)


def _document_words(path: Path, document: Document) -> str:
    """One document for the eye: a head, then each block on a line."""
    speakers = f" · speakers: {', '.join(document.speakers)}" if document.speakers else ""
    head = (path.name, document.media_type, document.lang or "language unknown", f"{len(document.text)} characters")
    lines = [" · ".join(head) + speakers]
    for block in document.blocks:
        who = f" {block.speaker}:" if block.speaker else ""
        text = document.text[block.start : block.end]
        shown = text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
        lines.append(f"  {block.start:>6} {block.kind:<8} {block.lang or '--'}{who} {shown}")
    return "\n".join(lines)


def out_folder() -> Path:
    """Return the one out folder: ``$BUSTADGRAF_OUT``, else ``./bustadgraf-out``."""
    return Path(os.environ.get("BUSTADGRAF_OUT") or "bustadgraf-out")


@contextmanager
def opened(path: Path | None) -> Iterator["tuple[Snapshot, Terms, PoolEngine]"]:
    """Open the snapshot at *path* or the current one, its names and an engine on it."""
    from kg.engine import open_engine
    from kg.snapshot import Snapshot
    from kg.terms import Terms

    snapshot = Snapshot.open(path or out_folder())
    engine = open_engine(snapshot)
    try:
        yield snapshot, Terms(snapshot.manifest.base), engine
    finally:
        engine.close()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back while a block imports: a module that was read in half complains when it is left."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def progress_line(title: str) -> Iterator[Callable[[str], None]]:
    """Show the running step on a terminal; stay quiet in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _step: None
        return
    yield lambda step: click.echo(f"\r\033[K{title}: {step}", nl=False, err=True)
    click.echo("\r\033[K", nl=False, err=True)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show how much of all is done, as a bar on a terminal; stay quiet in a pipe."""
    with progress_line(title) as say:
        shown = -1

        def told(done: int, whole: int) -> None:
            nonlocal shown
            percent = 100 * done // (whole or 1)
            if percent != shown:
                shown = percent
                say(f"[{'#' * (percent // 5):<20}] {percent} %")

        yield told


if __name__ == "__main__":
    main(prog_name="bustadgraf")
