"""Run the application in several processes behind waitress until a signal asks to stop; the only door to waitress."""

import contextlib
import errno
import gc
import os
import resource
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server
from waitress.task import ThreadedTaskDispatcher, WSGITask

from kg.engine import Engine
from kg.model import InputError
from web.app import create_app
from web.downloads import stop_making
from web.publication import Publication
from web.shortcut import REMEMBERED, Shortcut, asking_of
from web.traffic import Allowance, Traffic, log_to, traffic_of
from web.versions import VERSIONS

THREADS = 48  # of each process
CONNECTIONS = 1000
WAITING_IN = 1024  # connections that no process has taken yet
IDLE_S = 60  # seconds after which a client that neither sends nor takes anything is left
LARGEST_BODY = 2_000_000  # bytes
WAITING_OUT = 1 << 40  # bytes: an answer never waits in a thread for a slow reader, but on disk
PROXY_HEADERS = {"x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto"}
GRACE_S = 3  # seconds for what is under way when a signal asks to stop
SHORT_LIFE_S = 1  # seconds; a process that lived no longer is not replaced at once


@dataclass(frozen=True)
class Place:
    """Where to listen. *proxy* is the address of a reverse proxy whose word on the client is taken."""

    host: str
    port: int
    proxy: str | None = None


def serve(
    publication: Publication, place: Place, allowance: Allowance, processes: int, ready: Callable[[str], None]
) -> None:
    """Serve *publication* at *place* (port 0: a free one) and call *ready* with the URL when it listens.

    Returns after SIGTERM or SIGINT, when the socket and the engine are closed. Raises
    :class:`InputError` when the port is taken or the host is not one of this machine.
    """
    signal.signal(signal.SIGTERM, _stop)
    if allowance.log != "none":
        log_to(sys.stderr)
    try:
        sockets = bound(place)
        app = create_app(publication, allowance)
        house = _House(app, publication.engine, traffic_of(app), sockets, place.proxy)
        shown = f"[{place.host}]" if ":" in place.host else place.host
        with contextlib.suppress(SystemExit, KeyboardInterrupt), contextlib.closing(house):
            house.open(processes)
            ready(f"http://{shown}:{sockets[0].getsockname()[1]}")
            house.run()
    finally:
        publication.engine.close()


def bound(place: Place) -> list[socket.socket]:
    """Return the sockets that listen at *place*, all at one port. Raises :class:`InputError` where it cannot."""
    port, sockets = place.port, []
    try:
        wanted = socket.getaddrinfo(place.host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in wanted:
            each = socket.socket(family, kind, protocol)
            sockets.append(each)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            each.bind((address[0], port, *address[2:]))
            each.listen(WAITING_IN)
            port = each.getsockname()[1]
    except OSError as error:
        for each in sockets:
            each.close()
        raise InputError(_refusal(error, place.host, place.port)) from error
    return sockets


def listen(
    app: Flask, sockets: Sequence[socket.socket], proxy: str | None = None
) -> BaseWSGIServer | MultiSocketServer:
    """Return a server that takes the connections of *sockets*; its ``run`` answers."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    trusted: dict[str, Any] = {"trusted_proxy": proxy, "trusted_proxy_headers": PROXY_HEADERS} if proxy else {}
    shortcut = app.wsgi_app if isinstance(app.wsgi_app, Shortcut) else None
    dispatcher = _Dispatcher(shortcut)
    dispatcher.set_thread_count(THREADS)
    servers: dict[int, Any] = {}
    server = create_server(
        app,
        map=servers,
        _dispatcher=dispatcher,
        sockets=list(sockets),
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
    for each in servers.values():
        if isinstance(each, BaseWSGIServer):
            each.channel_class = _Channel
    return server


class _Task(WSGITask):
    """A request on its way to the application, with the answer that was found for it."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        if reply := getattr(self.request, "remembered", None):
            environ[REMEMBERED] = reply
        return environ

    def write(self, data: bytes) -> None:
        """Send the head and a body of one piece together."""
        if self.wrote_header or not (self.complete and data and self.has_body and self.content_length == len(data)):
            super().write(data)
            return
        head = self.build_response_header()
        self.wrote_header, self.content_bytes_written = True, len(data)
        self.channel.write_soon(head + data)


class _Channel(HTTPChannel):
    """A connection. A request whose answer is known is answered where it was read: no thread need be woken."""

    task_class = _Task
    reading: int | None = None  # the thread that is reading from here
    known = False

    def received(self, data: bytes) -> bool:
        self.reading = threading.get_ident()
        taken = super().received(data)
        while self.known:
            self.known = False
            self.service()
        self.reading = None
        return bool(taken)


class _Dispatcher(ThreadedTaskDispatcher):
    """Hands requests to threads, but those whose answer is known back to who read them."""

    def __init__(self, shortcut: Shortcut | None) -> None:
        super().__init__()
        self._shortcut = shortcut

    def add_task(self, task: Any) -> None:
        request = task.requests[0]
        if task.reading == threading.get_ident() and self._shortcut and not request.error:
            asking = asking_of(request.command, request.path, request.query, request.headers.get)
            if asking and (reply := self._shortcut.find(asking)):
                request.remembered, task.known = reply, True
                return
        super().add_task(task)


@dataclass
class _Inhabitant:
    """A process that answers; over *channel* it asks for workers, and its end is seen."""

    pid: int
    channel: socket.socket
    born: float = field(default_factory=time.monotonic)


@dataclass
class _House:
    """The process that starts those that answer and replaces one that is gone; it answers nothing itself."""

    app: Flask
    engine: Engine
    traffic: Traffic
    sockets: Sequence[socket.socket]
    proxy: str | None
    _inhabitants: dict[int, _Inhabitant] = field(default_factory=dict)
    _lifeline: tuple[int, int] = field(default_factory=os.pipe)

    def open(self, processes: int) -> None:
        """Start the processes."""
        gc.freeze()
        for row in range(processes):
            self._start(row)

    def run(self) -> None:
        """Lend workers to the processes and replace those that are gone, until a signal comes."""
        while True:
            with selectors.DefaultSelector() as waiting:
                for row, each in self._inhabitants.items():
                    waiting.register(each.channel, selectors.EVENT_READ, row)
                for key, _ in waiting.select():
                    self._attend(key.data)

    def close(self) -> None:
        """End all processes: kindly, and those that take their time by force."""
        os.close(self._lifeline[1])
        until = time.monotonic() + GRACE_S
        for each in self._inhabitants.values():
            os.kill(each.pid, signal.SIGTERM)
        for each in self._inhabitants.values():
            while not os.waitpid(each.pid, os.WNOHANG)[0]:
                if time.monotonic() > until:
                    os.kill(each.pid, signal.SIGKILL)
                    os.waitpid(each.pid, 0)
                    break
                time.sleep(0.01)
        for each_socket in self.sockets:
            each_socket.close()

    def _attend(self, row: int) -> None:
        inhabitant = self._inhabitants[row]
        try:
            self.engine.lend(inhabitant.channel)
        except (EOFError, OSError):
            self._replace(row)

    def _replace(self, row: int) -> None:
        gone = self._inhabitants.pop(row)
        gone.channel.close()
        os.kill(gone.pid, signal.SIGKILL)  # it may live: what failed may have been on this side
        os.waitpid(gone.pid, 0)
        self.engine.forget(row)
        self.traffic.forget(row)
        if time.monotonic() - gone.born < SHORT_LIFE_S:
            time.sleep(SHORT_LIFE_S)
        self._start(row)

    def _start(self, row: int) -> None:
        ours, theirs = socket.socketpair()
        if pid := os.fork():
            theirs.close()
            self._inhabitants[row] = _Inhabitant(pid, ours)
            return
        code = 1
        try:
            for each in (ours, *(other.channel for other in self._inhabitants.values())):
                each.close()
            self._live(row, theirs)
            code = 0
        finally:
            os._exit(code)

    def _live(self, row: int, channel: socket.socket) -> None:
        """Answer requests, in a process of its own, until a signal comes or the house is gone."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the house, which then asks to stop
        reading, writing = self._lifeline
        os.close(writing)
        threading.Thread(target=_end_with, args=(reading,), daemon=True).start()
        self.traffic.take(row)
        self.engine.borrow(channel, row)
        try:
            listen(self.app, self.sockets, self.proxy).run()
        finally:
            stop_making(self.app)
            self.app.extensions[VERSIONS].close()


def _end_with(lifeline: int) -> None:
    """Stop this process when the other end of *lifeline* is gone."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _refusal(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken. Stop the program that uses it, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has. Choose one above 1023 with --port."
    return f"Cannot listen on {host}, port {port}: {error.strerror or error}."
