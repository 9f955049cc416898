"""One folder under ``sources/``: what the source is, its text, and what people coded in it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from kg.corpus.codings import read_codings
from kg.corpus.fields import SLUG, Fields, Notes, read_yaml, shown
from kg.corpus.metadata import metadata_passages
from kg.corpus.structure import check_structure, form
from kg.corpus.vocabulary import Vocabulary
from kg.corpus.yaml_nodes import Keys
from kg.model import Access, Coder, Document, Entity, LangText, Problem, ReadError, Source, Speaker, Statement
from kg.reading import SUFFIXES, read

CODING_SUFFIX = ".coding.yaml"
_TO_COME = (".pdf", ".docx", ".doc", ".odt", ".rtf", ".vtt", ".srt")


def is_inside(root: Path, path: Path) -> bool:
    """Tell whether *path* stays in *root* when links are followed; a loop of links leads nowhere."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return False


def _legible(name: str) -> str:
    """Return the name of a file as it can be printed: bytes that are no UTF-8 become question marks."""
    return name.encode("utf-8", "replace").decode("utf-8")


def source_ids(root: Path) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Return the names of the folders under ``sources/``, and what is wrong with others."""
    folder = root / "sources"
    present = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() and is_inside(root, folder) else []
    ids: list[str] = []
    problems: list[Problem] = []
    for name in present:
        if name.startswith("."):
            continue
        wrong = _wrong_folder(root, folder / name)
        if wrong is None:
            ids.append(name)
        else:
            legible = _legible(name)
            problems.append(Problem(f"sources/{legible}", None, wrong[0], legible, (), wrong[1]))
    if not ids:
        hint = "Make a folder sources/<id>/ with source.yaml and a text in it."
        problems.append(Problem("sources", None, "there are no sources.", hint=hint))
    return tuple(ids), tuple(problems)


def _wrong_folder(root: Path, path: Path) -> tuple[str, str] | None:
    if not is_inside(root, path):
        return _LEADS_OUT
    if not path.is_dir():
        return "a file lies beside the folders of the sources.", "Put it in the folder of its source."
    if not SLUG.fullmatch(path.name):
        return (
            f"{shown(_legible(path.name))} is no name for a source.",
            "Use a-z, 0-9 and hyphens, and begin with a letter or digit.",
        )
    return None


_LEADS_OUT = ("this leads out of the corpus folder and was not read.", "Copy the file into the corpus.")


@dataclass(frozen=True)
class Loaded:
    """A source as far as it could be read, and everything that is wrong with its folder."""

    source: Source | None
    problems: tuple[Problem, ...]


def read_source(root: Path, id: str, entities: Sequence[Entity], vocabulary: Vocabulary) -> Loaded:
    """Read the folder ``sources/ID`` whole; one bad file leaves the rest as it is."""
    folder = root / "sources" / id
    files, problems = _files(root, folder)
    notes = Notes(f"sources/{id}/source.yaml")
    node = read_yaml(folder / "source.yaml", notes) if "source.yaml" in files else None
    if "source.yaml" not in files:
        notes.error(None, "the file is missing.", hint="Say in it what the source is: kind, title, access …")
    if not isinstance(node, Keys):
        if node is not None:
            notes.error(node.line, "source.yaml must have keys.", hint="Begin with kind: document.")
        return Loaded(None, (*problems, *notes.problems))
    fields = Fields(node, notes, form("source").keys)
    fields.require(*form("source").required)
    source = _described(id, fields, vocabulary)
    source = _with_text(source, folder, files, fields, problems)
    check_structure("source", node, notes)
    coders: list[Coder] = []
    statements: list[Statement] = []
    for name in (name for name in files if name.endswith(CODING_SUFFIX)):
        coding = read_codings(folder / name, source, vocabulary)
        problems.extend(coding.problems)
        coders.extend([coding.coder] if coding.coder else [])
        statements.extend(coding.statements)
    source = replace(
        source,
        coders=tuple(coders),
        statements=tuple(statements),
        metadata_passages=metadata_passages(source, entities),
    )
    return Loaded(source, (*problems, *notes.problems))


def _files(root: Path, folder: Path) -> tuple[list[str], list[Problem]]:
    """Return the names of the files that may be read, and what is wrong with the others."""
    files: list[str] = []
    problems: list[Problem] = []
    for path in sorted(folder.iterdir()):
        where = f"sources/{folder.name}/{_legible(path.name)}"
        if path.name.startswith("."):
            continue
        if not is_inside(root, path):
            problems.append(Problem(where, None, _LEADS_OUT[0], hint=_LEADS_OUT[1]))
            continue
        files.append(path.name)
        if path.suffix in (".yaml", ".yml") and path.name != "source.yaml" and not path.name.endswith(CODING_SUFFIX):
            hint = f"Call codings <coder>{CODING_SUFFIX}."
            problems.append(
                Problem(where, None, f"{shown(_legible(path.name))} is not a name that is read.", None, (), hint)
            )
    return files, problems


def _described(id: str, fields: Fields, vocabulary: Vocabulary) -> Source:
    """Return what ``source.yaml`` says of the source."""
    if (given := fields.scalar("id")) and given.value != id:
        fields.error(
            given.line, f"the id {shown(given.value)} is not the name of the folder.", value=given.value, known=[id]
        )
    language = fields.language("lang")
    return Source(
        id=id,
        kind=cast(Literal["document", "interview"], fields.choice("kind", ("document", "interview"), "document")),
        title=fields.lang_text("title") or LangText(id, language or "nn"),
        access=_access(fields),
        authors=_agents(fields, vocabulary, "authors"),
        lang=language,
        short=fields.text("short"),
        issued=fields.year_or_day("issued"),
        commissioner=_agents(fields, vocabulary, "commissioner"),
        contractor=_agents(fields, vocabulary, "contractor"),
        publisher=_agents(fields, vocabulary, "publisher"),
        url=fields.web_address("url"),
        retrieved=fields.day("retrieved"),
        sha256=_checksum(fields),
        licence=fields.text("licence"),
        digest=fields.flag("digest"),
        coded=cast(
            Literal["complete", "partial", "none"], fields.choice("coded", ("complete", "partial", "none"), "none")
        ),
        extent=fields.labels("extent"),
        approval=fields.text("approval"),
        speakers=_speakers(fields, vocabulary),
    )


def _access(fields: Fields) -> Access:
    if "access" not in fields:
        fields.notes.error(
            fields.line,
            "no access is declared, so the source is restricted and stays out of the public data.",
            hint="Add access: open, project or restricted.",
            kind="warning",
        )
    return cast(Access, fields.choice("access", ("open", "project", "restricted"), "restricted"))


def _agents(fields: Fields, vocabulary: Vocabulary, key: str) -> tuple[str, ...]:
    names = (vocabulary.name(text, fields.notes, ("actor",)) for text in fields.scalars(key))
    return tuple(name for name in names if name)


def _checksum(fields: Fields) -> str | None:
    found = fields.scalar("sha256")
    if found is None:
        return None
    value = found.value.lower()
    if len(value) != 64 or set(value) - set("0123456789abcdef"):
        hint = "Write the 64 hex digits that sha256sum prints."
        fields.error(found.line, f"{shown(found.value)} is not a SHA-256 checksum.", value=found.value, hint=hint)
        return None
    return value


def _speakers(fields: Fields, vocabulary: Vocabulary) -> tuple[Speaker, ...]:
    found: dict[str, Speaker] = {}
    for node in fields.mappings("speakers"):
        inner = Fields(node, fields.notes, ("label", "agent", "interviewer"))
        inner.require("label", "agent")
        label, agent = inner.text("label"), inner.scalar("agent")
        if label in found:
            inner.error(inner.line_of("label"), f"the speaker {shown(label or '')} is declared twice.", value=label)
        elif label and agent and (name := vocabulary.name(agent, fields.notes, ("actor",))):
            found[label] = Speaker(label, name, inner.flag("interviewer"))
    return tuple(found.values())


def _with_text(source: Source, folder: Path, files: list[str], fields: Fields, problems: list[Problem]) -> Source:
    """Return *source* with its document, where there is one that can be read."""
    name = _text_file(files, fields)
    if name is None:
        return source
    where = f"sources/{source.id}/{_legible(name)}"
    try:
        document = read(folder / name, source.id, labels=[speaker.label for speaker in source.speakers])
    except ReadError as error:
        problems.append(Problem(where, None, str(error).removeprefix(f"{folder / name}: ")))
        return source
    warnings = document.warnings
    if warnings and source.access != "open":
        # What a reader stumbled over may be the words of someone who was promised silence.
        warnings = (f"the reader had to guess {len(warnings)} times. Run bustadgraf read on the file.",)
    problems.extend(Problem(where, None, warning, kind="warning") for warning in warnings)
    _check_sum(source, document, name, fields)
    _check_speakers(source, document, where, problems)
    return replace(source, document=document, lang=source.lang or document.lang)


def _text_file(files: list[str], fields: Fields) -> str | None:
    """Return the name of the one text in the folder; note where there is none or more than one."""
    texts = [name for name in files if name.lower().endswith(SUFFIXES)]
    others = [name for name in files if name.lower().endswith(_TO_COME)]
    known = " ".join(SUFFIXES)
    if len(texts) == 1:
        return texts[0]
    if texts:
        fields.error(
            None, f"there are several texts in the folder: {', '.join(map(_legible, texts))}.", hint="Keep one of them."
        )
    elif others:
        fields.error(
            None,
            f"{shown(_legible(others[0]))} cannot be read.",
            value=_legible(others[0]),
            hint=f"Save its text as one of {known}.",
        )
    else:
        fields.error(None, "there is no text in the folder.", hint=f"Put it beside source.yaml, as one of {known}.")
    return None


def _check_sum(source: Source, document: Document, name: str, fields: Fields) -> None:
    # The checksum of a digest is that of the original, which is not here.
    if source.sha256 and not source.digest and source.sha256 != document.sha256:
        fields.error(
            fields.line_of("sha256"),
            f"the checksum {shown(source.sha256[:12] + '…')} is not that of {name}, which is {document.sha256}.",
            value=source.sha256,
            hint="If the change of the text is meant, write the new checksum.",
        )


def _check_speakers(source: Source, document: Document, where: str, problems: list[Problem]) -> None:
    if source.kind != "interview":
        return
    declared = {speaker.label for speaker in source.speakers}
    if not document.speakers:
        hint = "Begin each turn with the speaker's label and a colon, and declare the labels under speakers."
        problems.append(Problem(where, None, "no speakers were found in the interview.", hint=hint, kind="warning"))
    for label in (label for label in document.speakers if label not in declared):
        turns = [block.speaker for block in document.blocks if block.kind == "turn"]
        # A label may be somebody's name: of an interview that is not open only the place is told.
        who = shown(label) if source.access == "open" else f"of turn {turns.index(label) + 1}"
        value = label if source.access == "open" else None
        hint = "Add {label: …, agent: actor:…} under speakers in source.yaml."
        problems.append(Problem(where, None, f"the speaker {who} is not declared.", value, (), hint))
