"""Rate limits: a test for each known trap of slowapi (docs/decisions/0011-rate-limits.md), on a real Redis."""

import asyncio
import signal
import threading
import time
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from limits.strategies import MovingWindowRateLimiter

from api.answer_headers import AnswerHeaders
from api.limits import SubmissionLimiter, limit_submissions
from api.main import create_app
from api.middleware import RequestId
from api.problems import add_problem_handlers
from api.services.callers import LOCAL, Caller
from stenopool.local.ports import free_port
from stenopool.local.redis_server import RedisServer
from stenopool.settings import load_settings

T = TypeVar("T")
ROOT = Path(__file__).parents[3]
router = APIRouter()


async def _call_as(request: Request) -> None:
    """Who calls is what a header says: the door has tests of its own."""
    name = request.headers.get("x-test-key")
    rate = request.headers.get("x-test-rate")
    request.state.caller = Caller("acme", f"key:{name}", frozenset(), rate) if name else LOCAL
    request.state.address = request.headers.get("x-test-address", "192.0.2.1")


@router.post("/things/{thing_id}", dependencies=[Depends(_call_as)])
@limit_submissions
async def make(thing_id: str, request: Request) -> dict[str, str]:
    return {"id": thing_id}


@router.post("/others", dependencies=[Depends(_call_as)])
@limit_submissions
async def make_other(request: Request) -> dict[str, str]:
    return {}


@router.get("/live")
async def live() -> dict[str, str]:
    return {}


def app_with(limiter: SubmissionLimiter) -> FastAPI:
    app = FastAPI()
    add_problem_handlers(app)
    app.add_middleware(RequestId)
    app.add_middleware(AnswerHeaders)
    app.include_router(router)
    app.state.services = SimpleNamespace(limiter=limiter)
    return app


def using(url: str, rate: str, act: Callable[[httpx.AsyncClient, SubmissionLimiter], Awaitable[T]]) -> T:
    async def main() -> T:
        limiter = SubmissionLimiter(url, rate)
        transport = httpx.ASGITransport(app_with(limiter), raise_app_exceptions=False)
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await act(client, limiter)
        finally:
            limiter.close()

    return asyncio.run(main())


def statuses(url: str, rate: str, *paths: str, **headers: str) -> list[int]:
    async def act(client: httpx.AsyncClient, _limiter: SubmissionLimiter) -> list[int]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return [(await client.post(path, headers=named)).status_code for path in paths]

    return using(url, rate, act)


def test_a_route_on_a_router_is_limited(redis_url: str) -> None:
    assert statuses(redis_url, "2/minute", *["/others"] * 4) == [200, 200, 429, 429]


def test_ids_in_paths_share_a_count(redis_url: str) -> None:
    assert statuses(redis_url, "2/minute", "/things/1", "/things/2", "/things/3") == [200, 200, 429]


def test_all_ways_to_submit_share_a_count(redis_url: str) -> None:
    assert statuses(redis_url, "2/minute", "/things/1", "/others", "/others", "/things/1") == [200, 200, 429, 429]


def test_what_is_no_submission_is_not_limited(redis_url: str) -> None:
    async def act(client: httpx.AsyncClient, _limiter: SubmissionLimiter) -> list[int]:
        return [(await client.get("/live")).status_code for _ in range(5)]

    assert using(redis_url, "1/minute", act) == [200] * 5


def test_a_refusal_is_a_problem_that_says_when(redis_url: str) -> None:
    async def act(client: httpx.AsyncClient, _limiter: SubmissionLimiter) -> tuple[httpx.Response, httpx.Response]:
        return await client.post("/others"), await client.post("/others")

    taken, refused = using(redis_url, "1/minute", act)
    assert (taken.headers["ratelimit-limit"], taken.headers["ratelimit-remaining"]) == ("1", "0")
    assert taken.headers["ratelimit-policy"] == "1;w=60"
    assert "retry-after" not in taken.headers
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert refused.headers["content-type"] == "application/problem+json"
    # The oldest submission was counted a moment ago.
    assert 55 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit-reset"] == refused.headers["retry-after"]


def test_a_refused_call_is_taken_once_the_time_told_is_over(redis_url: str) -> None:
    async def act(client: httpx.AsyncClient, _limiter: SubmissionLimiter) -> int:
        await client.post("/others")
        refused = await client.post("/others")
        assert refused.status_code == 429
        # The wait itself is what is tested.
        await asyncio.sleep(int(refused.headers["retry-after"]))
        return (await client.post("/others")).status_code

    assert using(redis_url, "1/second", act) == 200


def test_a_key_has_its_own_count_and_its_own_rate(redis_url: str) -> None:
    assert statuses(redis_url, "1/minute", *["/others"] * 2, x_test_key="a") == [200, 429]
    assert statuses(redis_url, "1/minute", *["/others"] * 4, x_test_key="b", x_test_rate="3/hour") == [*[200] * 3, 429]


def test_a_client_that_moves_within_its_network_is_still_one(redis_url: str) -> None:
    async def act(client: httpx.AsyncClient, _limiter: SubmissionLimiter) -> list[int]:
        addresses = ("2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1")
        return [(await client.post("/others", headers={"x-test-address": it})).status_code for it in addresses]

    assert using(redis_url, "1/minute", act) == [200, 429, 200]


def test_processes_share_the_count(redis_url: str) -> None:
    # Two limiters as two processes have them.
    assert statuses(redis_url, "3/minute", *["/others"] * 2) == [200, 200]
    assert statuses(redis_url, "3/minute", *["/others"] * 2) == [200, 429]


def test_twenty_at_once_are_counted_one_by_one(redis_url: str) -> None:
    async def act(client: httpx.AsyncClient, _limiter: SubmissionLimiter) -> int:
        answers = await asyncio.gather(*(client.post("/others") for _ in range(20)))
        return [answer.status_code for answer in answers].count(200)

    assert using(redis_url, "5/minute", act) == 5


def test_rates_of_callers_who_come_at_once_are_not_mixed_up(redis_url: str) -> None:
    async def act(client: httpx.AsyncClient, _limiter: SubmissionLimiter) -> dict[str, int]:
        async def taken(key: str, rate: str) -> int:
            headers = {"x-test-key": key, "x-test-rate": rate}
            answers = await asyncio.gather(*(client.post("/others", headers=headers) for _ in range(10)))
            return [answer.status_code for answer in answers].count(200)

        counts = await asyncio.gather(taken("a", "2/minute"), taken("b", "7/minute"))
        return dict(zip("ab", counts, strict=True))

    assert using(redis_url, "1/minute", act) == {"a": 2, "b": 7}


def test_the_window_moves_so_that_its_edge_lets_nobody_through_twice(redis_url: str) -> None:
    async def act(_client: httpx.AsyncClient, limiter: SubmissionLimiter) -> bool:
        return isinstance(limiter.limiter, MovingWindowRateLimiter)

    assert using(redis_url, "1/minute", act)


@pytest.mark.parametrize("away", ["stopped", "frozen"])
def test_without_redis_this_process_counts_for_itself_and_nothing_is_a_500(own_redis: RedisServer, away: str) -> None:
    url = own_redis.url
    own_redis.child.signal(signal.SIGSTOP) if away == "frozen" else own_redis.stop()
    try:
        began = time.monotonic()
        assert statuses(url, "2/minute", *["/others"] * 4) == [200, 200, 429, 429]
        # One time-out of 0.25 s for all of them; three times that.
        assert time.monotonic() - began < 0.75
    finally:
        own_redis.child.signal(signal.SIGCONT) if away == "frozen" else own_redis.start()


def test_when_redis_is_back_it_counts_again(own_redis: RedisServer, wait_until: Callable[..., None]) -> None:
    async def act(client: httpx.AsyncClient, _limiter: SubmissionLimiter) -> None:
        own_redis.stop()
        assert (await client.post("/others")).status_code == 200
        own_redis.start()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            await client.post("/others")
            with own_redis.client() as redis:
                if redis.keys("steno:rate*"):
                    return
            await asyncio.sleep(0.1)
        raise AssertionError("Redis was not counted in again")

    using(own_redis.url, "1000/minute", act)


def test_many_at_once_on_a_dying_redis_are_no_500(own_redis: RedisServer) -> None:
    async def act(client: httpx.AsyncClient, _limiter: SubmissionLimiter) -> set[int]:
        answers = await asyncio.gather(*(client.post("/others") for _ in range(20)))
        return {answer.status_code for answer in answers}

    own_redis.child.signal(signal.SIGSTOP)
    try:
        assert using(own_redis.url, "5/minute", act) == {200, 429}
    finally:
        own_redis.child.signal(signal.SIGCONT)


def test_behind_a_question_that_hangs_the_others_are_sent_away(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr(SubmissionLimiter, "_ask", lambda *_: answered.wait(20) and None)

    async def act(client: httpx.AsyncClient, _limiter: SubmissionLimiter) -> set[tuple[int, str]]:
        try:
            answers = await asyncio.gather(*(client.post("/others") for _ in range(5)))
        finally:
            answered.set()
        return {(answer.status_code, answer.json()["code"]) for answer in answers}

    began = time.monotonic()
    assert using(redis_url, "100/minute", act) == {(503, "ledger_unavailable")}
    # A second is the rule; three times that is the limit.
    assert time.monotonic() - began < 3.0


def test_while_redis_is_frozen_the_loop_goes_on(own_redis: RedisServer) -> None:
    async def act(client: httpx.AsyncClient, _limiter: SubmissionLimiter) -> float:
        loop = asyncio.get_running_loop()
        submitting = [asyncio.create_task(client.post("/others")) for _ in range(5)]
        longest_s = 0.0
        while not all(task.done() for task in submitting):
            began = loop.time()
            await asyncio.sleep(0)
            longest_s = max(longest_s, loop.time() - began)
        return longest_s

    own_redis.child.signal(signal.SIGSTOP)
    try:
        # A call on the loop would hold it for the whole time-out, 0.25 s.
        assert using(own_redis.url, "100/minute", act) < 0.2
    finally:
        own_redis.child.signal(signal.SIGCONT)


def test_no_file_and_no_variable_switches_the_limits_off(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("RATELIMIT_ENABLED=false\nRATELIMIT_STORAGE_URL=memory://\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATELIMIT_ENABLED", "false")
    assert statuses(redis_url, "1/minute", "/others", "/others") == [200, 429]


def test_the_operator_can_switch_them_off(redis_url: str) -> None:
    assert statuses(redis_url, "off", *["/others"] * 12) == [200] * 12


def test_a_route_that_takes_no_request_cannot_be_limited() -> None:
    async def without() -> None:
        """No request."""

    with pytest.raises(TypeError, match="request"):
        limit_submissions(without)


def test_none_of_slowapis_middlewares_is_in_the_way_of_a_stream() -> None:
    app = create_app(load_settings({}))
    assert not [one for one in app.user_middleware if "slowapi" in str(getattr(one.cls, "__module__", ""))]


def test_slowapi_comes_without_its_extra_that_pins_an_old_redis() -> None:
    api = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["api"]
    assert [line for line in api if line.startswith("slowapi")] == ["slowapi>=0.1.10"]


def test_a_limiter_connects_to_nothing_until_it_is_asked() -> None:
    SubmissionLimiter(f"redis://127.0.0.1:{free_port()}/0", "1/minute").close()
