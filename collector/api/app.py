"""The HTTP application: routes put together, and every no said in one form."""

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import generate_latest
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from collector.api import (
    agents,
    board,
    briefs,
    budgets,
    capacity,
    checks,
    evidence,
    incidents,
    mailings,
    profiles,
    rooms,
    throughput,
    uplinks,
    weeks,
)
from collector.api.access import Reader, TokenMemory
from collector.api.ready import the_district
from collector.api.services import Services, TheServices
from collector.rate import Rate
from collector.refusal import Refusal
from wire.version import VERSION

_SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_RETRY_SECONDS = {429: "60", 503: "30"}
_CHALLENGES = {"no_reader": 'Basic realm="Bandroom", charset="UTF-8"'}

operations = APIRouter()


def create_app(services: Services) -> FastAPI:
    """The application over `services`. Its interactive documentation is off: it would load from elsewhere."""
    app = FastAPI(
        title="Bandroom",
        version=VERSION,
        description="Which classrooms cannot teach online today, why, and what fixes it.",
        docs_url=None,
        redoc_url=None,
        # A redirect would name our own scheme and host, which behind a proxy are not the reader's.
        redirect_slashes=False,
    )
    app.state.services = services
    app.state.tokens = TokenMemory()
    app.state.wrong_codes = Rate(agents.MAX_WRONG_CODES, agents.WRONG_CODE_SECONDS)
    app.include_router(agents.router)
    app.include_router(throughput.router)
    app.include_router(rooms.router)
    app.include_router(weeks.router)
    app.include_router(briefs.router)
    app.include_router(uplinks.router)
    app.include_router(mailings.router)
    app.include_router(profiles.router)
    app.include_router(checks.router)
    app.include_router(budgets.router)
    app.include_router(capacity.router)
    app.include_router(evidence.router)
    app.include_router(incidents.router)
    app.include_router(operations)
    app.include_router(board.router)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(Exception, _our_fault)
    app.add_middleware(_SafeHeaders)
    return app


@operations.head("/healthz", include_in_schema=False)
@operations.get("/healthz")
def healthz() -> dict[str, str]:
    """Whether the process answers at all."""
    return {"status": "ok"}


@operations.head("/readyz", include_in_schema=False)
@operations.get("/readyz", responses={503: {"description": "Not now; the body says why"}})
def readyz(services: TheServices) -> dict[str, str]:
    """Whether reports are stored and rooms are judged. Where throughput is not tested, `notice` says why."""
    if services.trouble is not None:
        raise Refusal(503, *services.trouble)
    the_district(services)
    off = services.leases.off
    return {"status": "ready"} if off is None else {"status": "ready", "notice": off}


@operations.get("/metrics", dependencies=[Reader], response_class=PlainTextResponse)
def metrics(services: TheServices) -> Response:
    """Counters in Prometheus' text form."""
    return Response(generate_latest(services.metrics), media_type="text/plain; version=0.0.4; charset=utf-8")


class _SafeHeaders:
    """Adds `_SAFE_HEADERS` to every response that has none of its own.

    Bare ASGI, because every batch of reports passes here: starlette's middleware class starts a task
    and a stream for each request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SAFE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_safely)


def problem(status: int, word: str, detail: str) -> JSONResponse:
    """The one form of every no: a machine word and a sentence."""
    headers = {}
    if status in _RETRY_SECONDS:
        headers["Retry-After"] = _RETRY_SECONDS[status]
    if status == 401:
        headers["WWW-Authenticate"] = _CHALLENGES.get(word, "Bearer")
    return JSONResponse({"error": word, "detail": detail}, status_code=status, headers=headers)


def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return problem(error.status, error.word, error.detail)


def _http_error(request: Request, error: Exception) -> Response:
    """A browser gets a page of the board, which asks for the password as every other does."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and "text/html" in request.headers.get("accept", ""):
        try:
            return board.no_such_page(request, request.app.state.services)
        except Refusal as refusal:
            return _refused(request, refusal)
    word = {404: "not_found", 405: "wrong_method"}.get(error.status_code, "http_error")
    return problem(error.status_code, word, str(error.detail))


def _our_fault(_request: Request, _error: Exception) -> JSONResponse:
    """The traceback is in the log; whoever asked may ask again."""
    return problem(500, "internal_error", "a fault of the collector; its log says more")


def _bad_request(_request: Request, _error: Exception) -> JSONResponse:
    return problem(422, "bad_request", "a parameter of the request has the wrong form; see /openapi.json")
