"""The endpoint under load, beside the Oxigraph server in the same run: `python tests/bench/serving.py SNAPSHOT`.

It wants `wrk` (of Debian) and the server of the package `oxigraph`. Each row is measured on both, by turns, and
the middle of the ratios is told. Every request names one of 64 clients by a proxy's header, so that all limits
are on; `--seconds` is how long one measurement takes.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

B = "https://w3id.org/bustadgraf/"
PROLOGUE = (
    f"PREFIX bso: <{B}ont#> PREFIX actor: <{B}id/actor/> PREFIX place: <{B}id/place/> "
    f"PREFIX group: <{B}kos/target-group/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
)
QUERIES = (
    "SELECT ?p ?o { actor:husbanken ?p ?o } LIMIT 20",
    "SELECT ?i { ?i bso:targets group:refugees } LIMIT 10",
    "ASK { actor:husbanken a bso:Actor }",
    "SELECT ?i ?l { ?i bso:offeredIn place:bergen ; skos:prefLabel ?l FILTER(LANG(?l) = 'nn') } LIMIT 10",
    "SELECT (COUNT(?i) AS ?n) { ?i bso:targets group:refugees }",
)
RUNAWAY = "SELECT (COUNT(*) AS ?n) {" + "".join(f" VALUES ?x{i} {{ {'1 ' * 99} }}" for i in range(9)) + "}"
SCRIPT = """
queries = {%s}
i = 0
request = function()
  i = i + 1
  wrk.headers['X-Forwarded-For'] = '10.0.0.' .. (i %% 64)
  return wrk.format('GET', path .. '?query=' .. queries[i %% #queries + 1] .. mark(i))
end
init = function(given)
  path = given[1]
  local seed = given[2]
  mark = function(n) if seed == 'same' then return '' end return '%%20%%23' .. seed .. '-' .. n end
  wrk.headers['Accept'] = 'application/sparql-results+json'
end
"""
CONNECTIONS = (1, 8, 32)
TIMEOUT_S = 2  # of the Oxigraph server; it starts a thread a query that sleeps as long


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextlib.contextmanager
def oxigraph(snapshot: Path, *options: str) -> Iterator[str]:
    """Run the Oxigraph server with the data in memory, and give the address of its endpoint."""
    port = free_port()
    program = shutil.which("oxigraph", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert program, "pip install oxigraph"
    command = [program, "serve", "--bind", f"127.0.0.1:{port}", "--union-default-graph", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            data = b"".join((snapshot / name).read_bytes() for name in ("data.nq", "helper.nq"))
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/store", data, {"Content-Type": "application/n-quads"}
            )
            for _ in range(100):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(request, timeout=120).close()
                    break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}/query"
        finally:
            process.kill()


@contextlib.contextmanager
def ours(snapshot: Path, processes: int) -> Iterator[tuple[str, int]]:
    """Run `bustadgraf serve` and give the address of its endpoint, and its process."""
    command = [sys.executable, "-m", "kg.cli", "serve", "--port", "0", "--snapshot", str(snapshot)]
    command += ["--proxy", "127.0.0.1", "--processes", str(processes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().split()[-1].rstrip("/") + "/sparql", process.pid
        finally:
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            print(f"SIGTERM: ended after {time.monotonic() - began:.2f} s")


def load(url: str, script: Path, texts: str, connections: int, seconds: float) -> tuple[float, float, int]:
    """Return requests a second that were answered by 200, the 99th percentile in ms, and how many were not 200."""
    stem, _, path = url.rpartition("/")
    seed = "same" if texts == "same" else str(time.time_ns())
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}", "--latency", "-s", str(script), stem, "--"]
    told = subprocess.run([*command, f"/{path}", seed], capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    tail = re.search(r"99%\s+([\d.]+)(us|ms|s)", told)
    number = re.search(r"(\d+) requests in", told)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    assert rate
    assert tail
    assert number
    wrong, of = int(failed[1]) if failed else 0, max(1, int(number[1]))
    return float(rate[1]) * (1 - wrong / of), float(tail[1]) * {"us": 0.001, "ms": 1, "s": 1000}[tail[2]], wrong


def compare(snapshot: Path, address: str, script: Path, seconds: float, rounds: int) -> None:
    """Print rates and ratios for repeated and for different texts, at each number of connections."""
    print("\n| texts | connections | ours /s (p99 ms) | Oxigraph with timeout /s | without /s | ratio | to without |")
    print("|---|---|---|---|---|---|---|")
    for texts in ("same", "different"):
        for connections in CONNECTIONS:
            rows = []
            for _ in range(rounds):
                mine = load(address, script, texts, connections, seconds)
                theirs = []
                for options in (("--timeout-s", str(TIMEOUT_S)), ()):
                    with oxigraph(snapshot, *options) as url:  # a new one each time: the timeout uses up its threads
                        theirs.append(load(url, script, texts, connections, seconds))
                rows.append((mine, *theirs))
            middle = [statistics.median(row[place][0] for row in rows) for place in range(3)]
            tail = statistics.median(row[0][1] for row in rows)
            ratios = [statistics.median(row[0][0] / max(row[place][0], 1) for row in rows) for place in (1, 2)]
            failed = sum(row[0][2] for row in rows)
            print(
                f"| {texts} | {connections} | {middle[0]:.0f} ({tail:.1f}) | {middle[1]:.0f} | {middle[2]:.0f} "
                f"| **{ratios[0]:.2f}** | {ratios[1]:.2f} |" + (f" {failed} refused" if failed else ""),
                flush=True,
            )


def beside(address: str, script: Path, seconds: float, rounds: int) -> None:
    """Print what others notice while a runaway is running and being killed."""
    print("\n| four connections, p99 in ms | idle | beside a runaway | ratio | the runaway |")
    print("|---|---|---|---|---|")
    for texts in ("same", "different"):
        pairs, ends = [], []
        for _ in range(rounds):
            idle = load(address, script, texts, 4, seconds)[1]
            runaway = f"{address}?query={quote(RUNAWAY)}"
            command = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code} after %{time_total} s", runaway]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
                pairs.append((idle, load(address, script, texts, 4, max(seconds, 11))[1]))
                ends.append(client.communicate()[0])
        quiet, busy = (statistics.median(pair[place] for pair in pairs) for place in range(2))
        ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
        print(f"| {texts} | {quiet:.2f} | {busy:.2f} | **{ratio:.2f}** | {ends[-1]} |", flush=True)


def memory(pid: int) -> None:
    """Print what the processes hold together, each shared page counted once."""
    told = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    rows = [tuple(map(int, line.split())) for line in told.splitlines()]
    found, size = {pid}, 0
    while len(found) > size:
        size = len(found)
        found |= {child for child, parent in rows if parent in found}
    held = 0
    for each in found:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{each}/smaps_rollup").read_text(encoding="ascii").splitlines()
            held += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    print(f"\n{len(found)} processes hold {held // 1024} MB together")


def main() -> None:
    """Measure everything and print it as tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("snapshot", type=Path, help="the folder of a snapshot of the corpus field")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    snapshot = (given.snapshot / "current" if (given.snapshot / "current").exists() else given.snapshot).resolve()
    with tempfile.TemporaryDirectory() as folder, ours(snapshot, given.processes) as (address, pid):
        script = Path(folder) / "requests.lua"
        script.write_text(SCRIPT % ", ".join(json.dumps(quote(PROLOGUE + query)) for query in QUERIES), "utf-8")
        for texts in ("same", "different"):
            load(address, script, texts, 8, 1)
        compare(snapshot, address, script, given.seconds, given.rounds)
        beside(address, script, given.seconds, given.rounds)
        memory(pid)


if __name__ == "__main__":
    main()
