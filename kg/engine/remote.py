"""An engine that hands queries to any SPARQL 1.1 service over HTTP."""

import io
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from http.client import HTTPException, HTTPMessage, HTTPResponse
from socket import socket

from kg.engine.answer import JSON, Cell, Purpose, Result, boolean, media_types, rows
from kg.engine.guard import guard
from kg.model import (
    AnswerTooLarge,
    DeadlineExceeded,
    EngineUnavailable,
    InputError,
    QueryError,
    QuerySyntaxError,
)
from kg.resources import text as text_of

MEBI = 1024 * 1024
CHUNK = 64 * 1024
SHOWN = 500  # bytes of a refusal that are passed on
DEADLINE_S = 10.0
ANSWER_MB = 64


class RemoteEngine:
    """An :class:`Engine` over the SPARQL 1.1 service at *url*; the default graph is whatever that service says.

    Raises :class:`InputError` for an address that is not HTTP.
    """

    def __init__(self, url: str, *, deadline_s: float = DEADLINE_S, answer_mb: int = ANSWER_MB) -> None:
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise InputError(f"{url!r} is not the address of a SPARQL service: it must begin with http:// or https://.")
        self._url, self._deadline_s, self._answer_mb = url, deadline_s, answer_mb

    def query(
        self,
        text: str,
        *,
        accept: str | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        deadline_s: float | None = None,
        purpose: Purpose = "page",
    ) -> Result:
        """See :class:`Engine`. The whole answer is read before any of it is given."""
        kind = guard(text).kind or "solutions"
        media_type = accept or next(iter(media_types(kind).values()))
        fields = [("query", text)]
        fields += [("default-graph-uri", graph) for graph in default_graphs]
        fields += [("named-graph-uri", graph) for graph in named_graphs]
        body, headers = self._post(fields, media_type, deadline_s or self._deadline_s)
        truncated = headers.get("X-SPARQL-MaxRows") is not None  # Virtuoso cuts rows and says 200
        return Result(kind, media_type, io.BytesIO(body), len(body), truncated)

    def select(self, text: str, *, deadline_s: float | None = None) -> list[dict[str, Cell]]:
        """See :class:`Engine`."""
        return rows(b"".join(self.query(text, accept=JSON, deadline_s=deadline_s).chunks))

    def ask(self, text: str, *, deadline_s: float | None = None) -> bool:
        """See :class:`Engine`."""
        return boolean(b"".join(self.query(text, accept=JSON, deadline_s=deadline_s).chunks))

    def graphs(self) -> list[str]:
        """See :class:`Engine`."""
        return [row["graph"].value for row in self.select(text_of("ontology", "queries", "graphs.rq"))]

    def triples(self) -> int:
        """See :class:`Engine`."""
        return int(self.select(text_of("ontology", "queries", "triples.rq"))[0]["triples"].value)

    def mark(self) -> None:
        """See :class:`Engine`; a service may change its data at any time."""

    def load(self) -> Mapping[Purpose, tuple[int, int]]:
        """See :class:`Engine`."""
        return {}

    def lend(self, channel: socket) -> None:
        """See :class:`Engine`; there is nothing to lend, so a call can only be the end."""
        if not channel.recv(1):
            raise EOFError

    def borrow(self, channel: socket, row: int) -> None:
        """See :class:`Engine`; a forked process needs nothing from another."""

    def forget(self, row: int) -> None:
        """See :class:`Engine`."""

    def close(self) -> None:
        """See :class:`Engine`; no connection is kept."""

    def _post(self, fields: Sequence[tuple[str, str]], media_type: str, deadline_s: float) -> tuple[bytes, HTTPMessage]:
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            self._url,
            urllib.parse.urlencode(fields).encode(),
            {"Accept": media_type, "Content-Type": "application/x-www-form-urlencoded"},
        )
        try:
            with urllib.request.urlopen(request, timeout=deadline_s) as answer:  # noqa: S310
                body, headers = self._read(answer, time.monotonic() + deadline_s), answer.headers
        except urllib.error.HTTPError as error:
            raise _refusal(error) from error
        except (OSError, HTTPException) as error:
            if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
                raise DeadlineExceeded(deadline_s) from error
            raise EngineUnavailable(f"The SPARQL service does not answer: {error}") from error
        if headers.get("X-SQL-State"):  # Virtuoso was interrupted and says 200
            raise DeadlineExceeded(deadline_s)
        return body, headers

    def _read(self, answer: HTTPResponse, until: float) -> bytes:
        body = io.BytesIO()
        while part := answer.read1(CHUNK):
            body.write(part)
            if body.tell() > self._answer_mb * MEBI:
                raise AnswerTooLarge(self._answer_mb)
            if time.monotonic() > until:
                raise TimeoutError
        return body.getvalue()


def _refusal(error: urllib.error.HTTPError) -> QueryError:
    said = error.read(SHOWN).decode("utf-8", "replace").strip()
    if error.code == 400:
        return QuerySyntaxError("The SPARQL service refuses the query: %(said)s", said=said)
    return EngineUnavailable(f"The SPARQL service answers {error.code}: {said or error.reason}")
