"""A release never changes, and what changed from one to the next is told in words."""

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from rdflib import Dataset

from kg import changes, releases
from kg.changes import Changes, compare, open_version
from kg.cli import main
from kg.engine import open_engine
from kg.model import EnvironmentFailure, InputError
from kg.questions import Catalogue
from kg.snapshot import Snapshot, build
from kg.terms import Terms
from web.app import create_app
from web.publication import Publication

ROOT = Path(__file__).parent.parent
CODING = Path("sources/lykteskrift/first-reading.coding.yaml")
CANARY = re.compile("kanarifugl", re.IGNORECASE)
OLD, NEW = "2026.12.1", "2026.12.2"
STATEMENT = "https://w3id.org/bustadgraf/id/statement/lykteskrift-first-reading-"

# Withdrawn, read anew (twice), given another id only, and added.
FIRST = "  - {id: place, s: initiative:lyktehuset, p: offeredIn, o: place:lyktevik, basis: stated}"
EDITS = (
    ("- quote: Lyktehuset ligg i Lyktevik\n  says:\n" + FIRST + "\n", ""),
    ("group:homeless-people, basis: stated", "group:homeless-people, basis: interpreted, because: Ordet «for»"),
    ("id: group,", "id: for-whom,"),
    ("polarity: negative", "polarity: mixed"),
)
ADDED = """- quote: Lyktevik kommune
  near: er skeptisk
  says:
  - {id: owner, s: initiative:lyktehuset, p: providedBy, o: actor:lyktevik-kommune, basis: stated}
"""


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    return result.exit_code, result.stdout, result.stderr


def changed(corpus: Path) -> Path:
    text = (corpus / CODING).read_text(encoding="utf-8")
    for old, new in EDITS:
        assert old in text
        text = text.replace(old, new)
    (corpus / CODING).write_text(text + ADDED, encoding="utf-8")
    entities = corpus / "entities.yaml"
    renamed = entities.read_text(encoding="utf-8").replace("{nn: Lyktehuset,", "{nn: Lyktehuset i vest,")
    entities.write_text(renamed, encoding="utf-8")
    return corpus


@pytest.fixture(scope="session")
def two_releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An out folder with two releases of a corpus that changed in between; nobody may change it."""
    folder = tmp_path_factory.mktemp("releases")
    corpus = Path(shutil.copytree(ROOT / "tests/corpora/three", folder / "three"))
    for label, day in ((OLD, date(2026, 12, 1)), (NEW, date(2026, 12, 20))):
        report = build(corpus, folder / "out")
        assert report.published, report
        releases.release(label, Snapshot.open(folder / "out"), folder / "out", day)
        changed(corpus) if label == OLD else None
    return folder / "out"


@pytest.fixture
def own_copy(two_releases: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(two_releases, tmp_path / "out", symlinks=True))


@pytest.fixture(scope="session")
def found(two_releases: Path) -> Changes:
    return compare(open_version(OLD, two_releases), open_version(NEW, two_releases))


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load(Terms())


def names(found: Changes, what: str) -> list[str]:
    return [change.iri.rpartition("/")[2] for change in found.all if change.what == what]


# --- releases ------------------------------------------------------------------------------------


def test_a_release_keeps_label_name_day_and_checksum_and_is_listed_oldest_first(two_releases):
    code, listed, _ = run("release", "--out", two_releases, "--json")
    first, second = map(json.loads, listed.splitlines())
    assert (code, first["label"], first["released"]) == (0, OLD, "2026-12-01")
    assert second["snapshot"] == Snapshot.open(two_releases).name
    assert all(re.fullmatch("[0-9a-f]{64}", each["manifest"]) for each in (first, second))


def test_numbers_in_labels_are_ordered_as_numbers(own_copy):
    for label in ("2026.12.10", "2026.12.9"):
        releases.release(label, Snapshot.open(own_copy), own_copy, date(2026, 12, 24))
    assert [each.label for each in releases.releases(own_copy)] == [OLD, NEW, "2026.12.9", "2026.12.10"]


def test_a_label_never_moves_and_the_same_again_changes_nothing(own_copy):
    before = {path: path.stat().st_mtime_ns for path in own_copy.rglob("*")}
    code, _, said = run("release", OLD, "--out", own_copy)
    assert code == 2
    assert "never moves" in said
    code, listed, _ = run("release", NEW, "--out", own_copy, "--date", "2030-01-01")
    assert (code, "2026-12-20" in listed) == (0, True)
    assert {path: path.stat().st_mtime_ns for path in own_copy.rglob("*") if path.name != ".lock"} == {
        path: when for path, when in before.items() if path.name != ".lock"
    }


def test_a_release_outlives_the_snapshot_it_was_made_of(own_copy, tmp_path):
    shutil.rmtree(own_copy / "snapshots")
    assert releases.find(own_copy, OLD).open().name == releases.read(own_copy, OLD).name


def test_an_older_snapshot_and_one_of_another_folder_can_be_released(own_copy, tmp_path):
    name = releases.read(own_copy, OLD).name
    assert run("release", "old", "--out", own_copy, "--snapshot", name)[0] == 0
    assert run("release", "there", "--out", tmp_path / "other", "--snapshot", own_copy / "snapshots" / name)[0] == 0
    assert releases.read(own_copy, "old").name == releases.read(tmp_path / "other", "there").name == name


@pytest.mark.parametrize(
    "label",
    [
        *(
            "../up",
            "a/b",
            "/etc",
            ".",
            "..",
            ".hidden",
            "a.",
            "-a",
            " 1",
            "1\n",
            "",
            "a" * 41,
            "ø",
            "１",
            "a\u202eb",
            "a\0b",
        ),
        *("current", "0123456789ab", "<script>", "1?v=2", "%2e%2e"),
    ],
)
def test_what_can_be_no_label_is_refused_and_nothing_is_written(own_copy, label):
    with pytest.raises(InputError, match=r"cannot be a label"):
        releases.release(label, Snapshot.open(own_copy), own_copy, date(2026, 12, 1))
    assert releases.labels(own_copy) == (OLD, NEW)
    assert sorted(path.name for path in (own_copy / "releases").iterdir()) == [OLD, NEW]


def test_nothing_is_released_from_damaged_data(own_copy):
    (own_copy / "current" / "data.nq").unlink()
    (own_copy / "current" / "data.nq").write_bytes(b"")
    code, _, said = run("release", "3", "--out", own_copy)
    assert (code, "damaged" in said) == (2, True)
    assert releases.labels(own_copy) == (OLD, NEW)


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*_given: object, **_named: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "hardlink_to", refuse)
        patched.setattr(shutil, "copyfile", refuse)
        yield


def test_a_full_disk_leaves_nothing_behind(own_copy, monkeypatch):
    with full_disk(monkeypatch), pytest.raises(EnvironmentFailure, match=r"no room left .* MB"):
        releases.release("3", Snapshot.open(own_copy), own_copy, date(2026, 12, 24))
    assert sorted(path.name for path in (own_copy / "releases").iterdir()) == [OLD, NEW]


def test_where_a_disk_cannot_link_the_files_are_copied(own_copy, monkeypatch):
    def refuse(*_given: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    made = releases.release("3", Snapshot.open(own_copy), own_copy, date(2026, 12, 24))
    assert made.open().name == Snapshot.open(own_copy).name


def test_a_folder_that_cannot_be_written_is_told_as_such(own_copy, monkeypatch):
    def refuse(*_given: object, **_named: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(own_copy / "releases"))

    monkeypatch.setattr(Path, "mkdir", refuse)
    code, _, said = run("release", "3", "--out", own_copy)
    assert code == 3
    assert "may not be written" in said


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "release.json").write_text("{"),
        lambda folder: (folder / "release.json").write_text('{"label": "other"}'),
        lambda folder: (folder / "release.json").unlink(),
        lambda folder: shutil.rmtree(folder / "documents"),
        lambda folder: rewritten(folder / "snapshot.json", "statements", "claims"),
        lambda folder: rewritten(folder / "data.nq", "Lyktevik", "Mørkevik"),
    ],
)
def test_a_damaged_release_is_told_and_the_others_stay_well(own_copy, damage):
    damage(own_copy / "releases" / OLD)
    code, _, said = run("diff", OLD, NEW, "--out", own_copy)
    assert (code, OLD in said, "damaged" in said) == (2, True, True)
    assert releases.find(own_copy, NEW).open().name
    assert run("release", "--out", own_copy)[1].splitlines()[-1].startswith(NEW)


def rewritten(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    path.unlink()
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_an_unknown_version_names_the_nearest(two_releases):
    code, _, said = run("diff", "2026.12.3", NEW, "--out", two_releases)
    assert (code, OLD in said) == (2, True)


# --- what changed --------------------------------------------------------------------------------


def test_statements_added_withdrawn_and_read_anew_are_told_apart(found):
    assert names(found, "added") == ["lykteskrift-first-reading-owner"]
    assert names(found, "withdrawn") == ["lykteskrift-first-reading-place"]
    assert names(found, "reinterpreted") == [
        "lykteskrift-first-reading-for-whom",
        "lykteskrift-first-reading-tendering",
    ]
    anew = next(change for change in found.all if change.iri == STATEMENT + "for-whom")
    assert anew.was == STATEMENT + "group", "another id on the same passage is the same statement"
    assert {detail.key for detail in anew.details} == {"basis", "because", "sure"}


def test_things_renamed_and_gone_are_told(found):
    assert names(found, "thing-renamed") == ["lyktehuset"]
    assert names(found, "thing-gone") == ["lyktevik"], "only the withdrawn statement led to the place"
    assert names(found, "source-changed") == []


def test_the_way_back_is_the_other_way_round(found, two_releases):
    back = compare(open_version(NEW, two_releases), open_version(OLD, two_releases))
    assert (back.totals["added"], back.totals["withdrawn"]) == (1, 1)
    assert back.totals["thing-new"] == found.totals["thing-gone"]
    assert back.totals["reinterpreted"] == found.totals["reinterpreted"]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("nn", ["éin ny påstand", "Lyktehuset i vest er organisert av Lyktevik kommune", "retning: negativ → delt"]),
        ("nb", ["én ny påstand", "Lyktehuset er organisert av Lyktevik kommune", "grunnlag: sagt → tolket"]),
        (
            "en",
            ["one new statement", "Lyktehuset is provided by Municipality of Lyktevik", "basis: stated → interpreted"],
        ),
    ],
)
def test_the_report_tells_each_with_sentence_source_and_passage(two_releases, lang, said):
    code, told, _ = run("diff", OLD, NEW, "--out", two_releases, "--lang", lang)
    assert code == 0
    assert told.splitlines()[1].startswith(said[0]), "totals come first"
    for words in (*said, "«Lyktevik kommune er skeptisk til anbod» (Lyktevik kommune 2025, avsnitt 2)"):
        assert words in told
    withdrawn = told[told.index("withdrawn" if lang == "en" else "tilbake (") :]
    assert "«Lyktehuset ligg i Lyktevik»" in withdrawn


def test_a_name_that_only_another_language_changed_is_told_with_that_language(two_releases):
    assert (
        "name: Lyktehuset (nn) → Lyktehuset i vest (nn)"
        in run("diff", OLD, NEW, "--out", two_releases, "--lang", "en")[1]
    )


def test_the_report_as_json_holds_the_same(two_releases, found):
    told = json.loads(run("diff", OLD, NEW, "--out", two_releases, "--format", "json")[1])
    assert (told["from"]["label"], told["to"]["released"]) == (OLD, "2026-12-20")
    assert told["totals"] == dict(found.totals)
    assert [each["iri"] for each in told["changes"]] == [change.iri for change in found.all]
    assert all(each["text"] and each["source_label"] for each in told["changes"] if "statement" in each["iri"])


def test_versions_are_labels_names_folders_and_files(two_releases, tmp_path, found):
    old, new = releases.read(two_releases, OLD), Snapshot.open(two_releases)
    trig, shuffled = tmp_path / "new.trig", tmp_path / "new.nq"
    data = Dataset()
    data.parse(new.data_path, format="nquads")
    data.serialize(trig, format="trig")
    shuffled.write_text("\n".join(reversed(new.data_path.read_text(encoding="utf-8").splitlines())), encoding="utf-8")
    for before, after in (
        (old.name, "current"),
        (old.path, new.name),
        (OLD, two_releases),
        (OLD, trig),
        (OLD, shuffled),
    ):
        told = compare(open_version(str(before), two_releases), open_version(str(after), two_releases))
        assert told.all == found.all, (before, after)


def test_files_that_are_no_data_of_ours_and_other_bases_are_refused(two_releases, tmp_path):
    other, rebased = tmp_path / "other.nq", tmp_path / "rebased.nq"
    other.write_text("<urn:a> <urn:b> <urn:c> .\n")
    text = Snapshot.open(two_releases).data_path.read_text(encoding="utf-8")
    rebased.write_text(text.replace("https://w3id.org/bustadgraf/", "https://example.org/b/"), encoding="utf-8")
    for file, words in ((other, "which data set"), (rebased, "cannot be compared")):
        code, _, said = run("diff", NEW, file, "--out", two_releases)
        assert (code, words in said) == (2, True)


def test_nothing_changed_is_said(two_releases):
    assert (
        run("diff", NEW, "current", "--out", two_releases, "--lang", "en")[1].splitlines()[1] == "Nothing has changed"
    )


def test_words_put_before_a_passage_move_it_and_change_nothing(two_releases):
    def moved(lines: Iterator[str]) -> Iterator[str]:
        return iter(sorted(line.replace("lykteskrift-15-41", "lykteskrift-25-51") for line in lines))

    old = open_version(OLD, two_releases)
    assert any("lykteskrift-15-41" in line for line in old.lines())
    shifted = changes.Version("shifted", old.base, lambda: moved(old.lines()))
    assert compare(old, shifted).all == ()


def test_a_text_and_a_source_that_changed_are_told(two_releases, catalogue):
    old = open_version(OLD, two_releases)

    def edited(lines: Iterator[str]) -> Iterator[str]:
        found = (line.replace('Lyktehuset ligg i Lyktevik"', 'Lyktehuset ligg midt i Lyktevik"') for line in lines)
        return iter(sorted(line.replace("code/complete>", "code/partial-coding>") for line in found))

    told = compare(old, changes.Version("edited", old.base, lambda: edited(old.lines())))
    assert (told.totals["requoted"], told.totals["source-changed"]) == (1, 1)
    words = told.to_text("en", catalogue)
    assert "Lyktehuset ligg i Lyktevik → Lyktehuset ligg midt i Lyktevik" in words


def test_what_is_confidential_is_told_by_no_diff(tmp_path):
    corpus = Path(shutil.copytree(ROOT / "kg/corpora/example", tmp_path / "example"))
    out = tmp_path / "out"
    assert build(corpus, out).published
    releases.release(OLD, Snapshot.open(out), out, date(2026, 12, 1))
    rewritten(corpus / "sources/bustadplan/first-reading.coding.yaml", "p: providedBy", "p: fundedBy")
    for closed in corpus.glob("sources/kanarifugl-*"):
        assert CANARY.search((closed / "samtale.txt").read_text(encoding="utf-8"))
        rewritten(closed / "first-reading.coding.yaml", "note: kanarifugl", "note: KANARIFUGL")
        rewritten(closed / "source.yaml", "access:", "short: KANARIFUGL\naccess:")
    assert build(corpus, out).published
    for form in ("text", "json"):
        for lang in ("nn", "nb", "en"):
            code, told, said = run("diff", OLD, "current", "--out", out, "--format", form, "--lang", lang)
            assert (code, CANARY.findall(told + said)) == (0, [])
            assert "Nattlykta" in told, "what is open is told"
    snapshot = Snapshot.open(out)
    engine = open_engine(snapshot)
    visitor = create_app(Publication(engine, Terms(), snapshot, Catalogue.load(Terms()), out)).test_client()
    for path in ("/feed.atom?lang=nb", "/nb/version/", f"/nb/version/{snapshot.name}", "/api/changes"):
        told = visitor.get(path).get_data(as_text=True)
        assert OLD in told
        assert CANARY.findall(told) == [], path
    engine.close()
