"""How the server and its workers talk: tagged, length-prefixed frames of bytes over local sockets."""

import socket
import struct

_HEAD = struct.Struct("!cI")

QUERY, ANSWER, DATA, FAILED, READY, DONE = b"Q", b"A", b"D", b"X", b"R", b"."


def send(channel: socket.socket, tag: bytes, payload: bytes = b"") -> None:
    """Send one frame."""
    channel.sendall(_HEAD.pack(tag, len(payload)) + payload)


def receive(channel: socket.socket) -> tuple[bytes, bytes]:
    """Receive one frame; raise :class:`EOFError` when the other end is gone."""
    tag, length = _HEAD.unpack(_exactly(channel, _HEAD.size))
    return tag, _exactly(channel, length)


def _exactly(channel: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = channel.recv(length - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
