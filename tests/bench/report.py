"""What was measured, told in Markdown with a picture: figures come from the JSON beside it, so both say the same."""

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

US, DUCK, VIRTUOSO, BARE, HTTP = "Bustadgraf", "DuckDB", "Virtuoso", "pyoxigraph, bare", "Bustadgraf over HTTP"
COMMAND = ".venv/bin/python -m tests.bench.questions"
PREPARE = ".venv/bin/pip install -c constraints.txt -e '.[dev,bench]'"
Times = Mapping[str, Mapping[str, float | str]]


def report(folder: Path, name: str) -> None:
    """Write ``NAME.md`` and ``NAME.png`` from ``NAME.json`` in *folder*."""
    found = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    _picture(found["shipped"], folder / f"{name}.png")
    (folder / f"{name}.md").write_text("\n".join(_told(found, name)) + "\n", encoding="utf-8")


def growth_report(folder: Path) -> None:
    """Write ``growth.md`` from ``growth.json`` in *folder*."""
    found = json.loads((folder / "growth.json").read_text(encoding="utf-8"))
    (folder / "growth.md").write_text("\n".join(_grown(found)) + "\n", encoding="utf-8")


def ratio(times: Times, one: str, other: str) -> float:
    """Return the geometric mean of how many times as long *one* took as *other*, over what both answered."""
    both = [
        (took, times[other][query])
        for query, took in times[one].items()
        if isinstance(took, float) and isinstance(times[other].get(query), float)
    ]
    return math.exp(statistics.fmean(math.log(mine / float(theirs)) for mine, theirs in both))


def _told(found: Mapping[str, Any], name: str) -> list[str]:
    times, free, wrong = found["shipped"], found["ad hoc"], found["wrong"]
    others = [each for each in times if each != US]
    return [
        f"# Twelve questions at {found['triples']:,} quads",
        "",
        f"Made by `{COMMAND} --triples {found['asked for']} --report docs/benchmark`,",
        f"after `{PREPARE}`; Virtuoso takes part where it is installed. One run:",
        "for each query all took turns, and a figure is the median of",
        f"{found['rounds']} turns after one that is not counted, in milliseconds, until the whole answer was there. No",
        "text came twice, so that nothing is from a cache of answers. Machine and versions stand at the end.",
        "",
        "## Shipped queries",
        "",
        *_table(times, found["types"], wrong),
        "",
        f"![times by query]({name}.png)",
        "",
        "| geometric mean of times as long | " + " | ".join(others) + " |",
        "|---|" + "---|" * len(others),
        f"| {US} beside | " + " | ".join(f"{ratio(times, US, each):.2f}" for each in others) + " |",
        f"| {HTTP} beside | " + " | ".join(f"{ratio(times, HTTP, each):.2f}" for each in others) + " |",
        "",
        "Wanted: at most 0.5 beside Virtuoso and 3 beside DuckDB.",
        "",
        *_wrongs(wrong),
        "",
        "## Queries of the same types as people write them",
        "",
        *_table(free, found["types"], wrong),
        "",
        f"In geometric mean {US} takes {ratio(free, US, BARE):.2f} times as long as the bare engine, limits on,",
        f"and {ratio(free, HTTP, BARE):.2f} times over HTTP.",
        *_overheads(free),
        "",
        "## Loading and memory",
        "",
        "From the file to the first answer. Memory is the proportional set size of all processes, after loading and",
        "after all queries.",
        "",
        "| | seconds | quads a second | MB loaded | MB at the end |",
        "|---|---|---|---|---|",
        *(
            f"| {each} | {took:.1f} | {found['triples'] / took:,.0f} | {loaded:,.0f} | {found['after'][each]:,.0f} |"
            for each, (took, loaded) in found["loaded"].items()
        ),
        "",
        "## With what",
        "",
        "; ".join(f"{name} {what}" for name, what in found["machine"].items()) + ".",
    ]


def _table(times: Times, types: Mapping[str, str], wrong: Mapping[str, Sequence[str]]) -> list[str]:
    names = list(times)
    queries = list(times[US])
    rows = [f"| query | type | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)]
    for query in queries:
        cells = [_cell(times[name].get(query, "–"), any(name in one for one in wrong.get(query, ()))) for name in names]
        rows.append(f"| {query} | {types[query]} | {' | '.join(cells)} |")
    means = [[each for each in times[name].values() if isinstance(each, float)] for name in names]
    cells = [f"{1000 * math.exp(statistics.fmean(map(math.log, each))):.1f}" if each else "–" for each in means]
    return [*rows, f"| | geometric mean of those answered | {' | '.join(cells)} |"]


def _cell(took: float | str, wrong: bool) -> str:
    shown = took if isinstance(took, str) else f"{1000 * took:.1f}"
    return f"{shown} ✗" if wrong else shown


def _wrongs(wrong: Mapping[str, Sequence[str]]) -> list[str]:
    if not wrong:
        return ["All gave the same rows."]
    told = [f"- {query}: {one}" for query, ones in wrong.items() for one in ones]
    return [f"Compared with the rows of {US}, which are those of the SQL where nothing else is said:", "", *told]


def _overheads(times: Times) -> list[str]:
    more = {
        query: 1000 * (took - float(times[BARE][query]))
        for query, took in times[US].items()
        if isinstance(took, float) and isinstance(times[BARE].get(query), float)
    }
    slower = {query: each for query, each in more.items() if each > 0}
    listed = ", ".join(f"{query} by {each:.1f} ms" for query, each in slower.items())
    return [f"Slower than bare: {listed or 'none'}."]


def _grown(found: Sequence[Mapping[str, Any]]) -> list[str]:
    queries = list(found[0]["times"])
    sizes = [f"{each['triples']:,}" for each in found]
    first, last = found[0], found[-1]
    more = last["triples"] / first["triples"]
    return [
        "# How it grows",
        "",
        f"Made by `{COMMAND} --growth --report docs/benchmark`, our engine alone; times in milliseconds.",
        "",
        f"| | {' | '.join(sizes)} | times as much for {more:.0f} times the quads |",
        "|---|" + "---|" * (len(sizes) + 1),
        *(_row(f"{query}", [1000 * each["times"][query] for each in found]) for query in queries),
        _row("loading to the first answer, s", [each["load"] for each in found]),
        _row("quads loaded a second", [each["triples"] / each["load"] for each in found]),
        _row("MB after loading", [each["before"] for each in found]),
        _row("MB after all queries", [each["after"] for each in found]),
    ]


def _row(name: str, figures: Sequence[float]) -> str:
    cells = [f"{each:,.0f}" if each >= 100 else f"{each:.1f}" for each in figures]
    return f"| {name} | {' | '.join(cells)} | {figures[-1] / figures[0]:.1f} |"


def _picture(times: Times, path: Path) -> None:
    """Draw a dot for each query and contestant on a logarithmic scale."""
    from matplotlib import pyplot

    queries = list(times[US])
    figure, axes = pyplot.subplots(figsize=(8, 4.2))
    for mark, (name, mine) in zip("ovs^DPX", times.items(), strict=False):
        shown = [(place, 1000 * float(mine[q])) for place, q in enumerate(queries) if isinstance(mine.get(q), float)]
        axes.plot(*zip(*shown, strict=True), mark, label=name, alpha=0.8)
    axes.set_yscale("log")
    axes.set_ylabel("ms")
    axes.set_xticks(range(len(queries)), queries)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(fontsize=8, ncols=3)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
