"""The command line as other programs and people at a terminal meet it: output, messages, exit codes."""

import json
import os
import pty
import re
import resource
import shutil
import socket
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, heeding_interruption, serving

THREE = ROOT / "tests" / "corpora" / "three"


def bustadgraf(*arguments: str | Path, cwd: Path, stdin: str | None = None, **environment: str):
    command = [sys.executable, "-m", "kg.cli", *map(str, arguments)]
    shell = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=shell, input=stdin, timeout=120)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return shutil.copytree(THREE, tmp_path / "corpus")


def coding_of(corpus: Path) -> Path:
    return next(corpus.glob("sources/*/*.coding.yaml"))


@pytest.mark.parametrize(
    "command", [[], ["build"], ["read"], ["validate"], ["ask"], ["query"], ["export"], ["serve"], ["release"], ["diff"]]
)
def test_help_gives_examples_each_on_its_own_line(command, tmp_path):
    told = bustadgraf(*command, "--help", cwd=tmp_path).stdout
    assert "\\b" not in told
    examples = [line for line in told.splitlines() if re.match(r"  (bustadgraf|echo) ", line)]
    assert examples
    assert all(line.count("bustadgraf ") == 1 for line in examples)


def test_build_prints_one_json_line_with_the_agreed_keys(corpus, tmp_path):
    done = bustadgraf("build", corpus, "--out", "out", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    keys = "snapshot sources passages statements candidates inferred violations warnings orphans"
    assert list(told) == keys.split()
    assert (told["sources"], told["passages"], told["statements"]) == (1, 3, 3)
    assert (tmp_path / "out" / "current").resolve() == (tmp_path / "out" / "snapshots" / told["snapshot"]).resolve()


def test_a_broken_coding_is_told_with_file_line_word_and_the_nearest(corpus, tmp_path):
    assert bustadgraf("build", corpus, cwd=tmp_path).returncode == 0
    before = (tmp_path / "bustadgraf-out" / "current").resolve()
    coding = coding_of(corpus)
    text = coding.read_text(encoding="utf-8")
    assert "p: targets" in text
    line = next(number for number, line in enumerate(text.split("\n"), 1) if "p: targets" in line)
    coding.write_text(text.replace("p: targets", "p: tragets", 1), encoding="utf-8")
    done = bustadgraf("build", corpus, "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert f"{coding.relative_to(corpus)}:{line}:" in done.stderr
    assert "tragets" in done.stderr
    assert "targets" in done.stderr.split("Nearest:")[1]
    assert json.loads(done.stdout)["snapshot"] is None
    assert (tmp_path / "bustadgraf-out" / "current").resolve() == before
    assert "the previous snapshot is still the current one" in done.stderr
    first = bustadgraf("build", corpus, "--out", "new", cwd=tmp_path)
    assert "snapshot    -" in first.stdout
    assert "there is no snapshot yet" in first.stderr


@pytest.mark.parametrize("command", ["build", "validate"])
def test_problems_begin_with_the_path_that_was_given_so_that_an_editor_finds_them(command, corpus, tmp_path):
    coding = coding_of(corpus)
    coding.write_text(coding.read_text(encoding="utf-8").replace("p: targets", "p: tragets", 1), encoding="utf-8")
    for given, here in ((Path("corpus"), tmp_path), (corpus, tmp_path), (Path("../corpus"), corpus)):
        told = bustadgraf(command, given, cwd=here).stderr
        (line,) = [line for line in told.splitlines() if "tragets" in line]
        file, number, _ = line.split(":", 2)
        assert file.startswith(str(given))
        assert "tragets" in (here / file).read_text(encoding="utf-8").splitlines()[int(number) - 1]


@pytest.mark.parametrize("command", ["build", "validate", "ask"])
def test_every_option_says_what_it_is_for(command, tmp_path):
    told = bustadgraf(command, "--help", cwd=tmp_path).stdout
    options = re.findall(r"^  (?:-\w, )?--[\w-]+.*(?:\n {6,}.*)*", told, re.M)
    assert [option for option in options if not re.search(r"  [A-Z0-9].*", option)] == []
    assert re.search(r"--lang \[nn\|nb\|en\]\s+Nynorsk, bokmål or English", told)


def test_an_interruption_of_the_very_start_shows_no_traceback(tmp_path):
    code = "import sys, _thread; sys.modules.pop('json', None); sys.addaudithook({}); from kg.cli import main"
    hook = "lambda event, given: _thread.interrupt_main() if event == 'import' and given[0] == 'click' else None"
    done = subprocess.run(
        [sys.executable, "-c", code.format(hook)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=heeding_interruption,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Stopped.\n")


def test_a_folder_without_corpus_yaml_is_told_where_to_get_one(tmp_path):
    (tmp_path / "folder").mkdir()
    done = bustadgraf("build", "folder", cwd=tmp_path)
    assert done.returncode == 2
    assert "folder: there is no corpus.yaml" in done.stderr
    assert "bustadgraf corpus example" in done.stderr


def test_a_quote_that_is_not_in_the_text_is_an_orphan_and_stops_publication(corpus, tmp_path):
    assert bustadgraf("build", corpus, cwd=tmp_path).returncode == 0
    before = (tmp_path / "bustadgraf-out" / "current").resolve()
    coding = coding_of(corpus)
    lines = coding.read_text(encoding="utf-8").split("\n")
    at = next(number for number, line in enumerate(lines) if line.startswith("- quote:"))
    lines[at] = "- quote: dette står ingen stad i teksten"
    coding.write_text("\n".join(lines), encoding="utf-8")
    done = bustadgraf("build", corpus, "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout)["orphans"] >= 1
    assert f"{coding.name}:{at + 1}:" in done.stderr
    assert (tmp_path / "bustadgraf-out" / "current").resolve() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["build", "no-such-corpus"], "no-such-corpus"),
        (["build", "--no-such-option"], "no-such-option"),
        (["ask", "Kven?", "--snapshot", "nowhere"], "bustadgraf build"),
        (["read", "missing.txt"], "missing.txt"),
        (["serve", "--snapshot", "nowhere"], "bustadgraf build"),
        (["validate", "--data", "missing.ttl", "--shapes", "missing.ttl"], "missing.ttl"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_to_do(arguments, said, tmp_path):
    done = bustadgraf(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_example_corpus_tells_nothing_of_its_closed_sources(tmp_path):
    done = bustadgraf("build", "example", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sources"] == 2
    assert "kanarifugl" not in (done.stdout + done.stderr).casefold()


def test_read_shows_turns_and_speakers(tmp_path):
    interview = tmp_path / "samtale.txt"
    interview.write_text(
        "Intervjuar: Kven hjelper?\n\nA: Kommunen, trur eg.\n\nIntervjuar: Og elles?\n\nA: Ingen.\n", "utf-8"
    )
    done = bustadgraf("read", "--json", interview, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    blocks = json.loads(line)["blocks"]
    assert [(block["speaker"], block["text"]) for block in blocks][1] == ("A", "Kommunen, trur eg.")


def test_one_unreadable_file_does_not_hide_the_others(tmp_path):
    (tmp_path / "good.txt").write_text("Ei setning om bustad.\n", encoding="utf-8")
    (tmp_path / "empty.txt").touch()
    done = bustadgraf("read", "empty.txt", "good.txt", cwd=tmp_path)
    assert done.returncode == 2
    assert "empty.txt" in done.stderr
    assert "Ei setning om bustad." in done.stdout


def test_validate_speaks_three_languages_about_the_current_snapshot(report_out, tmp_path):
    said = {
        each: bustadgraf("validate", report_out, "--lang", each, cwd=tmp_path).stdout for each in ("nn", "nb", "en")
    }
    assert "dataa held alle krava" in said["nn"]
    assert "dataene oppfyller alle kravene" in said["nb"]
    assert "meets every requirement" in said["en"]


def test_validate_takes_any_data_and_shapes(tmp_path):
    (tmp_path / "data.ttl").write_text('<urn:a> a <urn:C> ; <urn:p> "x" .', encoding="utf-8")
    (tmp_path / "shapes.ttl").write_text(
        """@prefix sh: <http://www.w3.org/ns/shacl#> .
        <urn:S> a sh:NodeShape ; sh:targetClass <urn:C> ; sh:property [ sh:path <urn:p> ; sh:nodeKind sh:IRI ] .""",
        encoding="utf-8",
    )
    done = bustadgraf("validate", "--data", "data.ttl", "--shapes", "shapes.ttl", "--format", "ttl", cwd=tmp_path)
    assert done.returncode == 1
    assert "sh:conforms false" in done.stdout


def test_consistency_is_asked_of_a_reasoner(tmp_path):
    done = bustadgraf("validate", THREE, "--consistency", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Ingen motseiingar: " in done.stdout


def test_a_contradiction_is_explained_with_file_line_and_passage(tmp_path):
    corpus = tmp_path / "three"
    shutil.copytree(THREE, corpus)
    coding = next(corpus.rglob("*.coding.yaml"))
    wrong = "  - {id: kind, s: actor:lyktevik-kommune, p: type, o: CommercialProvider, basis: stated}\n"
    coding.write_text(coding.read_text(encoding="utf-8") + wrong, encoding="utf-8")
    line = len(coding.read_text(encoding="utf-8").splitlines())
    done = bustadgraf("validate", corpus, "--explain", "--lang", "nb", cwd=tmp_path)
    assert done.returncode == 1
    assert "Ingenting er både en kommersiell leverandør og et offentlig organ." in done.stdout
    assert f"{coding}:{line}" in done.stdout
    assert f"{corpus / 'entities.yaml'}:1" in done.stdout
    assert "/nb/source/lykteskrift?passage=" in done.stdout
    as_json = bustadgraf("validate", corpus, "--explain", "--format", "json", cwd=tmp_path)
    (told,) = [found for found in json.loads(as_json.stdout) if found["shape"] == "owl:Nothing"]
    assert told["focus"].endswith("/id/actor/lyktevik-kommune")


def test_explain_needs_data_of_ours(tmp_path):
    done = bustadgraf(
        "validate", "--data", THREE / "corpus.yaml", "--shapes", THREE / "corpus.yaml", "--explain", cwd=tmp_path
    )
    assert done.returncode == 2
    assert "--explain" in done.stderr


@pytest.mark.parametrize(
    ("lang", "question"),
    [
        ("nn", "Kven hjelper flyktningar inn på bustadmarknaden?"),
        ("nb", "Hvem hjelper flyktninger inn på boligmarkedet?"),
        ("en", "Who helps refugees into the housing market?"),
    ],
)
def test_a_question_gets_its_answer_with_passages(report_out, tmp_path, lang, question):
    done = bustadgraf("ask", question, "--lang", lang, "--snapshot", report_out, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Frivillige bustadformidlarar" in done.stdout
    assert "hjelper flyktningar inn på bustadmarknaden" in done.stdout


def test_what_is_not_understood_is_said_and_is_no_error(report_out, tmp_path):
    done = bustadgraf("ask", "Kor høgt er Galdhøpiggen?", "--format", "json", "--snapshot", report_out, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["outcome"] == "not-understood"
    assert answer["rows"] == []


def test_answers_as_csv_open_in_excel(report_out, tmp_path):
    question = "Kva målgrupper er nemnde?"
    done = bustadgraf("ask", question, "--format", "csv", "--snapshot", report_out, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    head = done.stdout.splitlines()[0]
    assert head.startswith("\ufeff")
    assert head.endswith("basis,modality,holder,text,locator,source,statement")


def test_query_reads_standard_input(report_out, tmp_path):
    query = "PREFIX bso: <https://w3id.org/bustadgraf/ont#> SELECT (COUNT(?s) AS ?n) WHERE { ?s a bso:Statement }"
    done = bustadgraf("query", "-", "--format", "csv", "--snapshot", report_out, cwd=tmp_path, stdin=query)
    assert done.stdout.split() == ["n", "144"]
    wrong = bustadgraf("query", "-", "--snapshot", report_out, cwd=tmp_path, stdin="SELECT * WHERE { ?s ?p }")
    assert wrong.returncode == 2
    assert "Line 1, column" in wrong.stderr


@pytest.mark.parametrize("form", ["ttl", "nt", "nq", "trig", "jsonld", "rdfxml"])
def test_exports_hold_the_same_statements(report_out, tmp_path, form):
    from rdflib import Dataset, URIRef

    target = tmp_path / f"all.{form}"
    done = bustadgraf("export", "--format", form, "--file", target, "--snapshot", report_out, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    names = {"ttl": "turtle", "nt": "nt", "nq": "nquads", "trig": "trig", "jsonld": "json-ld", "rdfxml": "xml"}
    data = Dataset(default_union=True).parse(target, format=names[form])
    statement = URIRef("https://w3id.org/bustadgraf/ont#Statement")
    assert (
        len({subject for subject, _, _, _ in data.quads((None, None, statement, None)) if "/id/statement/" in subject})
        == 144
    )


def test_the_tables_come_as_a_zip_and_the_same_each_time(report_out, tmp_path):
    for name in ("one.zip", "two.zip"):
        done = bustadgraf("export", "--format", "csv", "--file", name, "--snapshot", report_out, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as tables:
        assert len(tables.read("statements.csv").decode("utf-8-sig").splitlines()) == 145


def test_an_unknown_format_names_the_nearest(report_out, tmp_path):
    done = bustadgraf("export", "--format", "tll", "--file", "x", "--snapshot", report_out, cwd=tmp_path)
    assert done.returncode == 2
    assert "ttl" in done.stderr
    assert not (tmp_path / "x").exists()


def test_an_export_that_finds_no_room_names_its_file_and_leaves_nothing(report_out, tmp_path):
    limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, (1000, {resource.getrlimit(resource.RLIMIT_FSIZE)[1]}))"
    command = f"import resource; {limit}; from kg.cli import main; main()"
    arguments = ["export", "--format", "nq", "--file", "out.nq", "--snapshot", str(report_out)]
    shell = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", command, *arguments], cwd=tmp_path, capture_output=True, text=True, env=shell, timeout=60
    )
    assert done.returncode == 3
    assert "Cannot write out.nq" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_of_export_names_every_format_in_a_command_that_works(report_out, tmp_path):
    from kg.export import FORMATS

    told = bustadgraf("export", "--help", cwd=tmp_path).stdout
    commands = re.findall(r"^  bustadgraf export --format (\S+) --file (bustadgraf\.\S+)$", told, re.M)
    assert [name for name, _ in commands] == list(FORMATS)
    name, file = commands[0]
    assert (
        bustadgraf("export", "--format", name, "--file", file, "--snapshot", report_out, cwd=tmp_path).returncode == 0
    )
    assert (tmp_path / file).stat().st_size > 1000


def test_an_export_is_quiet_in_a_pipe_and_shows_a_bar_on_a_terminal(report_out, tmp_path):
    arguments = ["export", "--format", "nq", "--file", "-", "--snapshot", report_out]
    piped = bustadgraf(*arguments, cwd=tmp_path)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout == (report_out / "current" / "data.nq").read_text(encoding="utf-8")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "kg.cli", *map(str, arguments)]
    with (tmp_path / "out.nq").open("wb") as out:
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=out, stderr=theirs, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
        os.close(theirs)
        assert process.wait(60) == 0
    assert "[####################] 100 %" in os.read(ours, 100_000).decode()
    os.close(ours)


@pytest.mark.parametrize("form", ["nq", "xlsx"])
def test_an_export_that_is_stopped_leaves_nothing(report_out, tmp_path, form):
    stopping = f"""
import os, signal
from kg import export
from kg.cli import main
made = export.FORMATS["{form}"]
def make(origin):
    def pieces():
        whole = iter(made.make(origin).pieces)
        yield next(whole)
        os.kill(os.getpid(), signal.SIGINT)
        yield from whole
    return export.Outgoing(pieces())
export.FORMATS["{form}"] = export.Format(made.name, made.media_type, made.suffix, make)
main()
"""
    (tmp_path / "out").write_text("what stood here before", encoding="utf-8")
    arguments = ["export", "--format", form, "--file", "out", "--snapshot", str(report_out)]
    done = subprocess.run(
        [sys.executable, "-c", stopping, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        preexec_fn=heeding_interruption,
        timeout=60,
    )
    assert (done.returncode, done.stderr.strip()) == (130, "Stopped.")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out").read_text(encoding="utf-8") == "what stood here before"


def test_standard_output_without_room_is_told_as_such(report_out, tmp_path):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "kg.cli", "export", "--format", "nq", "--file", "-", "--snapshot", str(report_out)],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            timeout=60,
        )
    assert done.returncode == 3
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_says_where_and_stops_when_asked(report_out):
    with serving("--snapshot", str(report_out)) as url, urllib.request.urlopen(f"{url}/health") as answered:
        told = json.load(answered)
    assert told["status"] == "ok"
    assert told["triples"] > 5000


def test_a_port_in_use_is_told_as_such(report_out, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = bustadgraf("serve", "--port", port, "--snapshot", report_out, cwd=tmp_path)
    assert done.returncode == 2
    assert port in done.stderr
    assert "--port" in done.stderr


def test_any_rdf_can_be_served(tmp_path):
    (tmp_path / "data.ttl").write_text('<urn:a> <urn:p> "æøå" .', encoding="utf-8")
    query = "query=SELECT%20%3Fo%20WHERE%20%7B%3Fs%20%3Fp%20%3Fo%7D"
    with serving("--data", str(tmp_path / "data.ttl")) as url:
        asked = urllib.request.Request(f"{url}/sparql?{query}", headers={"Accept": "text/csv"})
        with urllib.request.urlopen(asked) as answered:
            assert answered.read().decode("utf-8").split() == ["o", "æøå"]


def test_several_files_are_served_with_data_said_once_or_each_time(tmp_path):
    first, second = tmp_path / "first.nt", tmp_path / "second.ttl"
    for file in (first, second):
        file.write_text(f"<urn:a> <urn:p> <urn:{file.stem}> .", encoding="utf-8")
    for arguments in (("--data", first, second), ("--data", first, "--data", second)):
        with serving(*map(str, arguments)) as url, urllib.request.urlopen(f"{url}/health") as answered:
            assert json.load(answered)["triples"] == 2
    refused = bustadgraf("serve", first, cwd=tmp_path)
    assert (refused.returncode, "--data" in refused.stderr) == (2, True)


def test_any_sparql_service_can_stand_behind_the_pages(server, monkeypatch, tmp_path):
    monkeypatch.setenv("BUSTADGRAF_OUT", str(tmp_path / "nothing"))
    with serving("--engine", f"{server}/sparql") as url:
        with urllib.request.urlopen(f"{url}/health") as answered:
            assert json.load(answered)["triples"] > 5000
        with urllib.request.urlopen(f"{url}/nn/initiative/bokontakt") as answered:
            assert "Bokontakt" in answered.read().decode("utf-8")


def test_a_snapshot_is_checked_by_name_of_its_folder_or_of_the_out_folder(report_out, tmp_path):
    for folder in (report_out, (Path(report_out) / "current").resolve()):
        assert bustadgraf("validate", "--snapshot", folder, cwd=tmp_path).returncode == 0
    assert bustadgraf("validate", "field", "--snapshot", report_out, cwd=tmp_path).returncode == 2
    assert bustadgraf("validate", "--snapshot", tmp_path, cwd=tmp_path).returncode == 2


def test_a_shipped_corpus_can_be_copied_and_changed(tmp_path):
    assert bustadgraf("corpus", "example", "mine", cwd=tmp_path).returncode == 0
    done = bustadgraf("build", "mine", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["statements"] > 40
    assert bustadgraf("corpus", "example", "mine", cwd=tmp_path).returncode == 2
