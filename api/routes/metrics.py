"""The metrics, for Prometheus."""

from fastapi import APIRouter, Response

from api.dependencies import ServicesHere
from api.insiders import InsidersOnly
from api.services.exposition import CONTENT_TYPE

router = APIRouter()


@router.get("/metrics", include_in_schema=False, dependencies=[InsidersOnly])
async def metrics(services: ServicesHere) -> Response:
    """What all processes of this API server counted, what the ledger tells and what the disk has left."""
    text = await services.exposition.text()
    return Response(text, media_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})
