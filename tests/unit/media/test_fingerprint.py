"""The fingerprint of an upload."""

from stenopool.media.fingerprint import Fingerprint

# `printf abc | sha256sum`
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_blocks_give_the_fingerprint_of_the_whole() -> None:
    fingerprint = Fingerprint()
    for block in (b"a", bytearray(b"b"), memoryview(b"c"), b""):
        fingerprint.update(block)
    assert fingerprint.hexdigest() == ABC
    assert fingerprint.size_bytes == 3
