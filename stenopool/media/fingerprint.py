"""The fingerprint of an upload: SHA-256 of its bytes, computed with their count while they stream by."""

import hashlib


class Fingerprint:
    """Feed it every block once, in order. About 0.5 GB/s on one core; the hashing releases the GIL."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._size_bytes = 0

    def update(self, block: bytes | bytearray | memoryview) -> None:
        """Takes in the next bytes."""
        self._hash.update(block)
        self._size_bytes += memoryview(block).nbytes

    @property
    def size_bytes(self) -> int:
        """Bytes seen so far."""
        return self._size_bytes

    def hexdigest(self) -> str:
        """SHA-256 of all bytes seen so far, 64 lower-case hex digits."""
        return self._hash.hexdigest()
