"""Who asks how much: requests of one client at a time, figures for Prometheus, and the access log.

A client is an address, of IPv6 a network of 64 bits. Neither the figures nor the log name it: nobody who reads
about the field is written down.
"""

import ipaddress
import logging
import threading
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import accumulate
from typing import TYPE_CHECKING, TextIO

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.utils import floatToGoString
from werkzeug.exceptions import TooManyRequests

from kg.engine import Engine
from kg.tally import Tally
from web.publication import publication

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

blueprint = Blueprint("traffic", __name__)
access = logging.getLogger("bustadgraf.access")

EXTENSION = "bustadgraf-traffic"
VISIT = "bustadgraf.visit"  # in the environment of a request that was let in or refused before Flask had it
QUERIES = ("sparql.endpoint", "explorer.sparql")  # what runs a query that the client wrote
WATCHING = ("linked_data.health", "traffic.metrics")
NETWORK_BITS = 64
CLIENTS = 16_384  # places at which requests under way are counted; two clients at one place share what each may
NOWHERE = "none"  # the address of what no route knows
OTHER = "other"
REASONS = (
    *(
        "batch",
        "busy",
        "client",
        "damaged",
        "deadline",
        "encoding",
        "engine",
        "failure",
        "forbidden",
        "format",
        "function",
    ),
    *(
        "gone",
        "graph",
        "media type",
        "memory",
        "of",
        "parameter",
        "query",
        "question",
        "repeated",
        "request",
        "size",
        "slot",
    ),
    *("syntax", "triple", "unknown", "value", "version", OTHER),
)
STATUSES = tuple(status.value for status in HTTPStatus if status >= HTTPStatus.OK)
BUCKETS = tuple(Histogram.DEFAULT_BUCKETS)  # seconds


@dataclass(frozen=True)
class Allowance:
    """How much one client may ask at once, and what is logged: ``paths``, ``queries`` too, or ``none``.

    *queries* of its own must be fewer than one process of the server has workers (:class:`kg.engine.Limits`),
    *requests* fewer than it has threads: so that no client takes them all.
    """

    requests: int = 12
    queries: int = 3
    log: str = "paths"


USUAL = Allowance()


@dataclass
class Visit:
    """A request: when it came, where it is counted as long as it is under way, or that it was *refused*."""

    traffic: "Traffic"
    client: str
    began: float = field(default_factory=time.perf_counter)
    places: list[int] = field(default_factory=list)
    refused: bool = False

    def may(self, kind: str) -> bool:
        """Let it in as a ``request`` or a ``query``, unless its client has as many under way as it may."""
        place = self.traffic.enter(self.client, kind)
        if place is None:
            self.refused = True
            return False
        self.places.append(place)
        return True

    def leave(self) -> None:
        """Take note that the request has its answer."""
        while self.places:
            self.traffic.leave(self.places.pop())


@dataclass(eq=False)
class Traffic:
    """What goes on at one server at this moment, and what went on since it started, in all its processes.

    *addresses* are the routes there are; the figures have a place for each.
    """

    allowance: Allowance
    addresses: Sequence[str]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Begin the figures."""
        self._address = {address: place for place, address in enumerate(self.addresses)}
        self._status = {status: place for place, status in enumerate(STATUSES)}
        self._reason = {reason: place for place, reason in enumerate(REASONS)}
        self._width = len(STATUSES) + len(BUCKETS) + 1  # the last is the sum of all seconds
        self._figures = Tally(self._width * len(self.addresses))
        self._refusals = Tally(len(REASONS))
        self._under_way = Tally(2 * CLIENTS)

    def take(self, row: int) -> None:
        """Count in *row* from now on, in a forked process."""
        for tally in (self._figures, self._refusals, self._under_way):
            tally.take(row)

    def forget(self, row: int) -> None:
        """Take note that nothing is under way in a forked process that is gone; what it answered stays counted."""
        self._under_way.clear(row)

    def enter(self, client: str, kind: str) -> int | None:
        """Let a request in and return where it is counted; ``None`` where its client has as many as it may."""
        most = self.allowance.queries if kind == "query" else self.allowance.requests
        place = hash((client, kind)) % CLIENTS  # forked processes share the secret of hash(), clients do not know it
        column = 2 * place + (kind == "query")
        with self.lock:
            self._under_way.add(column)  # first, so that two processes cannot both let the last one in
            if self._under_way.total(column) <= most:
                return column
            self._under_way.add(column, -1)
            return None

    def leave(self, column: int) -> None:
        """Take note that a request has its answer."""
        with self.lock:
            self._under_way.add(column, -1)

    def count(self, address: str, status: int, took: float) -> None:
        """Count an answer that took so many seconds."""
        start = self._width * self._address.get(address, self._address[NOWHERE])
        with self.lock:
            self._figures.add(start + self._status.get(status, self._status[500]))
            self._figures.add(start + len(STATUSES) + bisect_left(BUCKETS, took))
            self._figures.add(start + self._width - 1, took)

    def refuse(self, reason: str) -> None:
        """Count a refusal by the reason that was told."""
        with self.lock:
            self._refusals.add(self._reason.get(reason, self._reason[OTHER]))

    def collect(self) -> Iterator[Metric]:
        """Give the figures of all processes."""
        answered = CounterMetricFamily("bustadgraf_requests", "Requests answered", labels=("address", "status"))
        lasted = HistogramMetricFamily("bustadgraf_request_seconds", "Time until the answer", labels=("address",))
        for address, place in self._address.items():
            columns = range(self._width * place, self._width * (place + 1))
            figures = [self._figures.total(column) for column in columns]
            statuses, buckets = figures[: len(STATUSES)], list(accumulate(figures[len(STATUSES) : -1]))
            for status, number in zip(STATUSES, statuses, strict=True):
                if number:
                    answered.add_metric((address, str(status)), number)
            if buckets[-1]:
                limits = map(floatToGoString, BUCKETS)
                lasted.add_metric((address,), list(zip(limits, buckets, strict=True)), figures[-1])
        refused = CounterMetricFamily("bustadgraf_refusals", "Requests refused, by the reason told", labels=("reason",))
        for reason, column in self._reason.items():
            if number := self._refusals.total(column):
                refused.add_metric((reason,), number)
        yield from (answered, lasted, refused)


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
    """Let *app*, whose other routes are there by now, count its requests and hold its clients to *allowance*."""
    app.register_blueprint(blueprint)
    addresses = sorted({NOWHERE, *(rule.rule for rule in app.url_map.iter_rules())})
    app.extensions[EXTENSION] = Traffic(allowance, addresses)
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_leave)


def log_to(stream: TextIO) -> None:
    """Write a line for each request to *stream*."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    access.handlers, access.propagate = [handler], False
    access.setLevel(logging.INFO)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Tell the figures in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(traffic_of(current_app))
    registry.register(_Load(publication().engine))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def traffic_of(app: Flask) -> Traffic:
    """Return the traffic of *app*."""
    traffic: Traffic = app.extensions[EXTENSION]
    return traffic


def _begin() -> None:
    """Note the time and let the request in, if that is not done. Raises :class:`TooManyRequests`."""
    visit = request.environ.pop(VISIT, None) or Visit(traffic_of(current_app), client_of(request.remote_addr or ""))
    g.visit = visit
    if visit.refused:
        raise TooManyRequests
    if visit.places or request.endpoint in WATCHING:  # a probe beside a busy client must not call the service dead
        return
    for kind in ("request", "query") if request.endpoint in QUERIES else ("request",):
        if not visit.may(kind):
            raise TooManyRequests


def client_of(address: str) -> str:
    """Return the client that asks from *address*: of IPv6 its network."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address, NETWORK_BITS), strict=False))
    except ValueError:
        return address


def _end(response: Response) -> Response:
    """Count the answer, which is whole by now: what is left is to send it."""
    traffic = traffic_of(current_app)
    address = request.url_rule.rule if request.url_rule else NOWHERE
    if response.mimetype == "application/problem+json":
        traffic.refuse(str((response.get_json(silent=True) or {}).get("reason")))
    answered(traffic, g.visit, request.environ, address, response.status_code)
    return response


def answered(traffic: Traffic, visit: Visit, environ: "WSGIEnvironment", address: str, status: int) -> None:
    """Count the answer to a request and log it."""
    took = time.perf_counter() - visit.began
    traffic.count(address, status, took)
    if access.isEnabledFor(logging.INFO):
        path, query = _text(environ["PATH_INFO"]), _text(environ["QUERY_STRING"])
        asked = f"{path}?{query}" if traffic.allowance.log == "queries" and query else path
        access.info("%s %s %d %.3f s", environ["REQUEST_METHOD"], _printable(asked), status, took)


def _text(raw: str) -> str:
    return raw.encode("latin-1").decode("utf-8", "replace")


def _leave(_error: BaseException | None) -> None:
    if visit := g.pop("visit", None):
        visit.leave()


def _printable(text: str) -> str:
    """Keep one request in one line, whatever it holds."""
    return text.encode("unicode_escape").decode("ascii")
