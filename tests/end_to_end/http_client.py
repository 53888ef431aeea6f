"""HTTP as any program speaks it: the standard library, one request a connection."""

import gzip
import http.client
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def word(self) -> str:
        """The machine word of a refusal, which always comes with a sentence."""
        assert self.headers["content-type"] == "application/json", self
        said = self.json
        assert set(said) == {"error", "detail"}, said
        assert said["detail"]
        word: str = said["error"]
        return word


def ask(
    url: str,
    path: str,
    *,
    method: str = "GET",
    body: bytes | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = PATIENCE_S,
) -> Answer:
    """One request. Raises `OSError` or `http.client.HTTPException` when there is no whole answer."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=timeout_s)
    try:
        with suppress(BrokenPipeError, ConnectionResetError):  # an early no may still be read
            connection.request(method, path, body, {"Connection": "close", **(headers or {})})
        with connection.getresponse() as response:
            return Answer(
                status=response.status,
                headers={name.lower(): value for name, value in response.getheaders()},
                body=response.read(),
            )
    finally:
        connection.close()


def get_json(url: str, path: str, **headers: str) -> Any:
    """The JSON of a page that must be there."""
    answer = ask(url, path, headers=headers)
    assert answer.status == 200, (path, answer)
    return answer.json


def post_batch(url: str, token: str, batch: object, *, gzipped: bool = True, timeout_s: float = PATIENCE_S) -> Answer:
    """Hand over a batch as an agent does; bytes go as they are."""
    text = batch if isinstance(batch, bytes) else json.dumps(batch).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if gzipped:
        headers["Content-Encoding"] = "gzip"
        text = gzip.compress(text, compresslevel=1)
    return ask(url, "/v1/reports", method="POST", body=text, headers=headers, timeout_s=timeout_s)


def acknowledged(answer: Answer) -> Any:
    """The acknowledgement in `answer`."""
    assert answer.status == 200, answer
    said: Any = answer.json
    assert set(said) == {"version", "batch", "stored", "duplicate", "rejected"}
    return said
