"""Run the application behind waitress until a signal asks it to stop; the only door to waitress."""

import errno
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from flask import Flask
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server

from kg.model import InputError
from web.app import create_app
from web.publication import Publication
from web.traffic import Allowance, log_to
from web.versions import VERSIONS

THREADS = 16
CONNECTIONS = 1000
IDLE_S = 60  # seconds after which a client that neither sends nor takes anything is left
LARGEST_BODY = 2_000_000  # bytes
WAITING_OUT = 1 << 40  # bytes: an answer never waits in a thread for a slow reader, but on disk
PROXY_HEADERS = {"x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto"}


@dataclass(frozen=True)
class Place:
    """Where to listen. *proxy* is the address of a reverse proxy whose word on the client is taken."""

    host: str
    port: int
    proxy: str | None = None


def serve(publication: Publication, place: Place, allowance: Allowance, ready: Callable[[str], None]) -> None:
    """Serve *publication* at *place* (port 0: a free one) and call *ready* with the URL when it listens.

    Returns after SIGTERM or SIGINT, when the socket and the engine are closed. Raises
    :class:`InputError` when the port is taken or the host is not one of this machine.
    """
    signal.signal(signal.SIGTERM, _stop)
    if allowance.log != "none":
        log_to(sys.stderr)
    app = create_app(publication, allowance)
    try:
        server = listen(app, place)
        shown = f"[{place.host}]" if ":" in place.host else place.host
        ready(f"http://{shown}:{getattr(server, 'effective_port', place.port)}")
        try:
            server.run()
        finally:
            server.close()
    finally:
        publication.engine.close()
        app.extensions[VERSIONS].close()


def listen(app: Flask, place: Place) -> BaseWSGIServer | MultiSocketServer:
    """Return a server that listens at *place*; its ``run`` answers. Raises :class:`InputError` where it cannot."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    trusted: dict[str, Any] = (
        {"trusted_proxy": place.proxy, "trusted_proxy_headers": PROXY_HEADERS} if place.proxy else {}
    )
    try:
        return create_server(
            app,
            host=place.host,
            port=place.port,
            threads=THREADS,
            ident=None,
            connection_limit=CONNECTIONS,
            asyncore_use_poll=True,
            channel_timeout=IDLE_S,
            cleanup_interval=IDLE_S // 4,
            max_request_body_size=LARGEST_BODY,
            outbuf_high_watermark=WAITING_OUT,
            clear_untrusted_proxy_headers=True,
            **trusted,
        )
    except OSError as error:
        raise InputError(_refusal(error, place.host, place.port)) from error


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _refusal(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken. Stop the program that uses it, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has. Choose one above 1023 with --port."
    return f"Cannot listen on {host}, port {port}: {error.strerror or error}."
