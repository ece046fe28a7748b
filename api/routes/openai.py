"""The OpenAI-compatible door: transcriptions, translations and models, as the official clients call them."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Final

import anyio.to_thread
from fastapi import APIRouter, Request, Response

from api.dependencies import ServicesHere, TenantHere
from api.limits import limit_submissions
from api.openai_problems import job_headers, keep_job_id, rendered
from api.openai_schemas import DeltaEvent, DoneEvent, ModelBody, ModelListBody, TranscriptionBody, VerboseBody
from api.problems import STATUS, problem_of
from api.routes.documents import ACCESS_PROBLEMS
from api.routes.openai_documents import ANSWERS, audio_form, openai_problems
from api.routes.transcribe import envelope_of
from api.services.events.hub import EventHub
from api.services.openai.audio_call import AnswerFormat, AudioCall, SpeechTask
from api.services.openai.text_feed import Piece
from api.streams import event, event_stream, unless_gone
from stenopool.audit import Act, audit
from stenopool.errors import ErrorCode, StenopoolError
from stenopool.transcripts.formats import Format, render
from stenopool.transcripts.model import Transcript

router = APIRouter(prefix="/v1", tags=["openai"])

_TOLD: Final = ("X-Stainless-Read-Timeout", "X-Stainless-Timeout")
"""How long the official clients wait, seconds: Python's header, and JavaScript's."""

_FILES: Final = {AnswerFormat.TEXT: Format.TEXT, AnswerFormat.SRT: Format.SRT, AnswerFormat.VTT: Format.VTT}


@router.post(
    "/audio/transcriptions",
    response_model=None,
    operation_id="openai_create_transcription",
    responses=ANSWERS,
    openapi_extra=audio_form(),
)
@limit_submissions
async def transcribe(request: Request, services: ServicesHere, tenant: TenantHere) -> Response:
    """Transcribes one recording and answers when it is done, as OpenAI's API does.

    The call is a normal job: `X-Job-Id` names it. Whoever loses the connection may repeat the call; it joins the
    running work.
    """
    return await _answer(request, services, tenant, "transcribe")


@router.post(
    "/audio/translations",
    response_model=None,
    operation_id="openai_create_translation",
    responses=ANSWERS,
    openapi_extra=audio_form(),
)
@limit_submissions
async def translate(request: Request, services: ServicesHere, tenant: TenantHere) -> Response:
    """Translates one recording into English; all else as in transcriptions."""
    return await _answer(request, services, tenant, "translate")


@router.get(
    "/models",
    response_model=ModelListBody,
    operation_id="openai_list_models",
    responses=openai_problems(*ACCESS_PROBLEMS),
)
async def models(services: ServicesHere, _tenant: TenantHere) -> ModelListBody:
    """The models that may be asked for."""
    return ModelListBody(data=[ModelBody(id=name) for name in services.audio_calls.rules.models.names])


@router.get(
    "/models/{model:path}",
    response_model=ModelBody,
    operation_id="openai_get_model",
    responses=openai_problems(*ACCESS_PROBLEMS, ErrorCode.MODEL_NOT_FOUND),
)
async def one_model(model: str, services: ServicesHere, _tenant: TenantHere) -> ModelBody:
    """One of the models."""
    services.audio_calls.rules.models.model(model)
    return ModelBody(id=model)


async def _answer(request: Request, services: ServicesHere, tenant: TenantHere, task: SpeechTask) -> Response:
    calls = services.audio_calls
    await services.submissions.require_open()
    async with (
        aclosing(request.stream()) as body,
        services.uploads.receive(envelope_of(request), body) as upload,
    ):
        call = calls.read(upload, task)
        job_id = await calls.submit(tenant, upload, call)
    audit(Act.SUBMIT, job_id=job_id)
    keep_job_id(request, job_id)
    if call.is_streamed:
        return event_stream(_events(request, services.hub, calls.pieces(job_id, tenant)), job_headers(request))
    told = next((told for name in _TOLD if (told := request.headers.get(name))), None)
    transcript = await unless_gone(request, calls.transcript(job_id, tenant, told))
    # In a thread: the words of three hours take the loop longer than other requests should wait.
    content, media_type = await anyio.to_thread.run_sync(partial(_written, transcript, call))
    return Response(content, media_type=media_type, headers=job_headers(request))


async def _events(request: Request, hub: EventHub, pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[bytes, None]:
    """The events of a stream. Once it has begun an error is an event too: the clients raise it."""
    try:
        with hub.listening():
            async with aclosing(pieces):
                async for piece in pieces:
                    one = DoneEvent(text=piece.text) if piece.is_whole else DeltaEvent(delta=piece.text)
                    yield event(one.model_dump_json())
    except StenopoolError as error:
        made = rendered(request, problem_of(request, error), error, STATUS)
        yield event(json.dumps(made.body, ensure_ascii=False))


def _written(transcript: Transcript, call: AudioCall) -> tuple[bytes, str]:
    form = _FILES.get(call.answer)
    if form is not None:
        return render(transcript, form).encode(), form.content_type
    is_verbose = call.answer is AnswerFormat.VERBOSE_JSON
    body = VerboseBody.of(transcript, call.granularities) if is_verbose else TranscriptionBody.of(transcript)
    return body.model_dump_json().encode(), "application/json"
