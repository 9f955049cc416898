"""Who asks how much: requests of one client at a time, figures for Prometheus, and the access log.

A client is an address, of IPv6 a network of 64 bits. Neither the figures nor the log name it: nobody who reads
about the field is written down.
"""

import ipaddress
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TextIO

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client import Counter as Total
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from werkzeug.exceptions import TooManyRequests

from kg.engine import Engine
from web.publication import publication

blueprint = Blueprint("traffic", __name__)
access = logging.getLogger("bustadgraf.access")

EXTENSION = "bustadgraf-traffic"
QUERIES = ("sparql.endpoint", "explorer.sparql")  # what runs a query that the client wrote
WATCHING = ("linked_data.health", "traffic.metrics")
NETWORK_BITS = 64


@dataclass(frozen=True)
class Allowance:
    """How much one client may ask at once, and what is logged: ``paths``, ``queries`` too, or ``none``.

    *queries* of its own must be fewer than the engine takes (:class:`kg.engine.Limits`), *requests* fewer
    than the server has threads: so that no client takes them all.
    """

    requests: int = 12
    queries: int = 4
    log: str = "paths"


USUAL = Allowance()


@dataclass
class Traffic:
    """What goes on at one server at this moment, and what went on since it started."""

    allowance: Allowance
    registry: CollectorRegistry
    lock: threading.Lock = field(default_factory=threading.Lock)
    under_way: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Begin the figures."""
        about, kept = ("address", "status"), self.registry
        self.answered = Total("bustadgraf_requests", "Requests answered", about, registry=kept)
        self.lasted = Histogram("bustadgraf_request_seconds", "Time until the answer", ("address",), registry=kept)
        self.refused = Total("bustadgraf_refusals", "Requests refused, by the reason told", ("reason",), registry=kept)

    def enter(self, client: str, kind: str) -> bool:
        """Let a request in, unless its client has as many under way as it may."""
        most = self.allowance.queries if kind == "query" else self.allowance.requests
        with self.lock:
            if self.under_way[client, kind] >= most:
                return False
            self.under_way[client, kind] += 1
            return True

    def leave(self, client: str, kind: str) -> None:
        """Take note that a request has its answer."""
        with self.lock:
            self.under_way[client, kind] -= 1
            if not self.under_way[client, kind]:
                del self.under_way[client, kind]


@dataclass(frozen=True)
class _Load:
    """The state of the engine, read when somebody asks."""

    engine: Engine

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("bustadgraf_triples", "Triples in the default graph", self.engine.triples())
        load = GaugeMetricFamily("bustadgraf_queries", "Queries at this moment", labels=("purpose", "state"))
        for purpose, (running, waiting) in self.engine.load().items():
            load.add_metric((purpose, "running"), running)
            load.add_metric((purpose, "waiting"), waiting)
        yield load


def watch(app: Flask, allowance: Allowance) -> None:
    """Let *app* count its requests and hold its clients to *allowance*."""
    registry = CollectorRegistry(auto_describe=False)
    app.extensions[EXTENSION] = Traffic(allowance, registry)
    app.register_blueprint(blueprint)
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_leave)
    with app.app_context():
        registry.register(_Load(publication().engine))


def log_to(stream: TextIO) -> None:
    """Write a line for each request to *stream*."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    access.handlers, access.propagate = [handler], False
    access.setLevel(logging.INFO)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Tell the figures in Prometheus's text format."""
    return Response(generate_latest(_traffic().registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _traffic() -> Traffic:
    traffic: Traffic = current_app.extensions[EXTENSION]
    return traffic


def _begin() -> None:
    """Note the time and let the request in. Raises :class:`TooManyRequests`."""
    g.began, g.entered = time.perf_counter(), []
    if request.endpoint in WATCHING:  # a probe beside a busy client must not call the service dead
        return
    client = _client(request.remote_addr or "")
    for kind in ("request", "query") if request.endpoint in QUERIES else ("request",):
        if not _traffic().enter(client, kind):
            raise TooManyRequests
        g.entered.append((client, kind))


def _client(address: str) -> str:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return address
    return str(ipaddress.ip_network((known, NETWORK_BITS), strict=False))


def _end(response: Response) -> Response:
    """Count the answer, which is whole by now: what is left is to send it."""
    traffic, took = _traffic(), time.perf_counter() - g.began
    address = request.url_rule.rule if request.url_rule else "none"
    traffic.answered.labels(address, str(response.status_code)).inc()
    traffic.lasted.labels(address).observe(took)
    if response.mimetype == "application/problem+json":
        traffic.refused.labels(str((response.get_json(silent=True) or {}).get("reason"))).inc()
    asked = request.full_path if traffic.allowance.log == "queries" and request.query_string else request.path
    access.info("%s %s %d %.3f s", request.method, _printable(asked), response.status_code, took)
    return response


def _leave(_error: BaseException | None) -> None:
    for each in g.pop("entered", []):
        _traffic().leave(*each)


def _printable(text: str) -> str:
    """Keep one request in one line, whatever it holds."""
    return text.encode("unicode_escape").decode("ascii")
