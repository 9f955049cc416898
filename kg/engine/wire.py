"""How the server and its workers talk: tagged, length-prefixed frames of bytes over local sockets."""

import socket
import struct
from dataclasses import dataclass, field

_HEAD = struct.Struct("!cI")

QUERY, ANSWER, DATA, FAILED, READY, DONE = b"Q", b"A", b"D", b"X", b"R", b"."
CHUNK = 64 * 1024


def send(channel: socket.socket, tag: bytes, payload: bytes = b"") -> None:
    """Send one frame."""
    channel.sendall(_HEAD.pack(tag, len(payload)) + payload)


@dataclass
class Receiver:
    """Takes frames off *channel*, several with one call of the system where they are small."""

    channel: socket.socket
    _read: bytearray = field(default_factory=bytearray)

    def frame(self) -> tuple[bytes, bytes]:
        """Return the next frame; raise :class:`EOFError` when the other end is gone."""
        self._fill(_HEAD.size)
        tag, length = _HEAD.unpack_from(self._read)
        end = _HEAD.size + length
        self._fill(end)
        payload = bytes(self._read[_HEAD.size : end])
        del self._read[:end]
        return tag, payload

    def _fill(self, length: int) -> None:
        while len(self._read) < length:
            part = self.channel.recv(max(CHUNK, length - len(self._read)))
            if not part:
                raise EOFError
            self._read += part


@dataclass
class Sender:
    """Sends frames over *channel*, small ones together; what is still held goes with :meth:`flush`."""

    channel: socket.socket
    _held: bytearray = field(default_factory=bytearray)

    def frame(self, tag: bytes, payload: bytes = b"") -> None:
        """Send one frame, now or with those that follow."""
        self._held += _HEAD.pack(tag, len(payload))
        self._held += payload
        if len(self._held) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Send all that is held."""
        self.channel.sendall(self._held)
        self._held.clear()
