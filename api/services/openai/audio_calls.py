"""Calls of the OpenAI-compatible door: each is a normal job, submitted as every other and then waited for."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from api.services.lookup import Lookup
from api.services.openai.audio_call import AudioCall, SpeechTask, read_call
from api.services.openai.models import OfferedModels
from api.services.openai.text_feed import Piece, TextFeed
from api.services.openai.waiting import StillRunningError, Waiting, limit_of
from api.services.submission import Submissions
from api.services.uploads import Upload
from stenopool.transcripts.model import Transcript


@dataclass(frozen=True, slots=True)
class CallRules:
    """What the operator set."""

    models: OfferedModels
    wait_s: float
    """A call waits at most this long for its job."""


@dataclass(frozen=True, slots=True)
class AudioCalls:
    """Takes calls. Whoever gives up waiting leaves the job running; the same call again joins it by its digest."""

    submissions: Submissions
    lookup: Lookup
    waiting: Waiting
    feed: TextFeed
    rules: CallRules

    def read(self, upload: Upload, task: SpeechTask) -> AudioCall:
        """What is asked. Raises ``FieldError``, see ``read_call``."""
        return read_call(upload.fields, task, self.rules.models)

    async def submit(self, tenant: str, upload: Upload, call: AudioCall) -> str:
        """Makes the call a job and gives its id. Raises as ``Submissions.submit``."""
        fields = (("model", call.model), *call.options.items())
        accepted = await self.submissions.submit(tenant, replace(upload, fields=fields))
        return accepted.job_id

    async def transcript(self, job_id: str, tenant: str, told: str | None) -> Transcript:
        """The transcript, once the job is completed; ``told`` is how long the caller says it waits, in seconds.

        Raises:
            StillRunningError: it took longer.
            JobFailedError: it failed.
            UsageError: ``job_cancelled`` or ``unknown_job``.
            TransientError: ``ledger_unavailable``, ``ledger_lost`` or ``store_unavailable``.
        """
        if await self.waiting.ended(job_id, tenant, limit_of(self.rules.wait_s, told)) is None:
            raise StillRunningError(job_id)
        _, transcript = await self.lookup.transcript(job_id, tenant)
        return transcript

    def pieces(self, job_id: str, tenant: str) -> AsyncGenerator[Piece, None]:
        """The text in pieces, as it becomes known. Raises as ``TextFeed.pieces``, while it is read."""
        return self.feed.pieces(job_id, tenant, self.rules.wait_s)
