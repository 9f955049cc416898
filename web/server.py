"""Run the application behind waitress until a signal asks it to stop; the only door to waitress."""

import errno
import signal
from collections.abc import Callable
from types import FrameType

from waitress.server import create_server

from kg.model import InputError
from web.app import create_app
from web.publication import Publication

THREADS = 16


def serve(publication: Publication, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve *publication* on *host*:*port* (0: a free one) and call *ready* with the URL when it listens.

    Returns after SIGTERM or SIGINT, when the socket and the engine are closed. Raises
    :class:`InputError` when the port is taken or the host is not one of this machine.
    """
    try:
        server = create_server(
            create_app(publication), host=host, port=port, threads=THREADS, ident=None, max_request_body_size=10_000_000
        )
    except OSError as error:
        raise InputError(_refusal(error, host, port)) from error
    signal.signal(signal.SIGTERM, _stop)
    actual = getattr(server, "effective_port", port)
    shown = f"[{host}]" if ":" in host else host
    ready(f"http://{shown}:{actual}")
    try:
        server.run()
    finally:
        server.close()
        publication.engine.close()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _refusal(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken. Stop the program that uses it, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has. Choose one above 1023 with --port."
    return f"Cannot listen on {host}, port {port}: {error.strerror or error}."
