"""The digest: what must be equal for one transcription to answer two jobs."""

import hashlib
import json
from collections.abc import Sequence
from typing import Final

from stenopool.transcripts.options import Options

_SCHEME: Final = "stenopool-digest-1"


def transcription_digest(tenant: str, fingerprint: str, options: Options, identity: str) -> str:
    """SHA-256 hex over tenant scope, fingerprint (SHA-256 hex of the bytes), options and engine identity (canonical).

    The tenant is inside, so that a hit never tells one tenant what another has uploaded.
    """
    return _hash([_SCHEME, tenant, fingerprint, options.canonical(), identity])


def request_hash(fingerprint: str, options: Options, further: Sequence[str] = ()) -> str:
    """SHA-256 hex that tells a repeated request from another one under the same idempotency key.

    ``further`` is what else the client asked that shapes no transcript: the names it gave the job.
    """
    return _hash([_SCHEME, fingerprint, options.canonical(), *further])


def _hash(parts: list[str]) -> str:
    # A JSON list keeps the parts apart: no two lists of strings have the same text.
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()
