"""Answers made smaller on the way, by brotli or gzip, where the client takes it (RFC 9110 §12.5.3).

The entity tag of a compressed answer names its coding too, since its bytes are others.
"""

import re
import tempfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Protocol, cast

import brotli
from flask import Response, request
from werkzeug.http import parse_accept_header
from werkzeug.wsgi import wrap_file

CHUNK = 64 * 1024
IN_MEMORY = 1024 * 1024  # bytes of a compressed answer; what is larger waits on disk
SMALLEST = 1000  # bytes; what is smaller gains nothing
GZIP = 16 + zlib.MAX_WBITS
TYPES = re.compile(r"text/.*|image/svg\+xml|application/(?:.*\+)?(?:json|xml)|application/(?:n-triples|javascript)")
HELD = "bustadgraf.held"
MARKED = re.compile(r'-(br|gzip)"')


class _Squeezer(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def finish(self) -> bytes: ...


class _Gzip:
    def __init__(self) -> None:
        self._inner = zlib.compressobj(5, wbits=GZIP)
        self.compress: Callable[[bytes], bytes] = self._inner.compress
        self.finish: Callable[[], bytes] = self._inner.flush


class _Brotli:
    def __init__(self) -> None:
        self._inner = brotli.Compressor(quality=4)
        self.compress: Callable[[bytes], bytes] = self._inner.process
        self.finish: Callable[[], bytes] = self._inner.finish


CODINGS: Mapping[str, Callable[[], _Squeezer]] = {"br": _Brotli, "gzip": _Gzip}


def expect() -> None:
    """Read the coding off the entity tags that the client holds, so that they can be compared with ours."""
    request.environ[HELD] = request.environ.get("HTTP_IF_NONE_MATCH", "")
    request.environ["HTTP_IF_NONE_MATCH"] = MARKED.sub('"', request.environ[HELD])


def compress(response: Response) -> Response:
    """Compress *response* if it is worth it and the client takes it."""
    tag, weak = response.get_etag()
    if response.status_code == 304:
        if tag and (held := re.search(rf'"{re.escape(tag)}-(br|gzip)"', request.environ[HELD])):
            response.set_etag(f"{tag}-{held[1]}", bool(weak))
        return response
    if (
        response.status_code != 200
        or not TYPES.fullmatch(response.mimetype or "")
        or response.cache_control.no_transform
    ):
        return response
    response.vary.add("Accept-Encoding")
    coding = coding_of(request.headers.get("Accept-Encoding", ""))
    if coding is None or "Content-Encoding" in response.headers or _is_small(response):
        return response
    if tag:
        response.set_etag(f"{tag}-{coding}", bool(weak))
    response.headers["Content-Encoding"] = coding
    _squeeze(response, CODINGS[coding]())
    return response


def _is_small(response: Response) -> bool:
    length = response.calculate_content_length() if response.content_length is None else response.content_length
    return length is not None and length < SMALLEST


def coding_of(accepted: str) -> str | None:
    """Return the coding that a client likes best by its Accept-Encoding, ours where it likes several; or ``None``."""
    encodings = parse_accept_header(accepted)
    quality = {coding: encodings.quality(coding) for coding in CODINGS}
    best = max(quality, key=lambda coding: quality[coding])
    return best if quality[best] > 0 and quality[best] >= encodings.quality("identity") else None


def as_body(file: IO[bytes]) -> Iterable[bytes]:
    """Hand a file to the server, which sends it on without holding it in memory, or a thread up."""
    return wrap_file(request.environ, file, CHUNK)


def _squeeze(response: Response, squeezer: _Squeezer) -> None:
    """Compress the whole body, on disk where it is large."""
    squeezed = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the server closes it
    for chunk in response.iter_encoded():
        squeezed.write(squeezer.compress(chunk))
    squeezed.write(squeezer.finish())
    response.close()
    response.content_length = squeezed.tell()
    squeezed.seek(0)
    response.response = as_body(cast(IO[bytes], squeezed))
    response.direct_passthrough = True
