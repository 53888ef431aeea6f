"""A command asks the running collector over HTTP: it alone may open its store."""

import json
import ssl
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping
from http.client import IncompleteRead
from pathlib import Path
from urllib.parse import urlsplit

from collector.district.host import is_loopback
from collector.settings import Settings

TIMEOUT_SECONDS = 10
FILE_TIMEOUT_SECONDS = 300
"""A file is made before its first byte comes."""


class CannotAsk(Exception):
    """The collector did not answer as one; the message names the next step."""


def own_url(settings: Settings) -> str:
    """Where the collector of `settings` answers on its own machine, past a proxy in front of it. Raises `CannotAsk`."""
    if settings.port == 0:
        raise CannotAsk("port = 0 in the settings takes any free port: give --url")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"


def ask_collector(
    url: str,
    path: str,
    password: str | None,
    *,
    body: Mapping[str, str] | None = None,
    ca_file: Path | None = None,
    own_certificate: Path | None = None,
) -> str:
    """What the collector at `url` answers, to a ``POST`` where there is a `body`. Raises `CannotAsk`.

    Its certificate must be trusted as `ask_for_file` says.
    """
    return _answer(url, path, password, body, ca_file, own_certificate, TIMEOUT_SECONDS).decode()


def ask_for_file(
    url: str, path: str, password: str | None, *, ca_file: Path | None = None, own_certificate: Path | None = None
) -> bytes:
    """The file that the collector at `url` makes for `path`. Raises `CannotAsk`.

    Its certificate must come from the system's authorities or those in `ca_file`, or be `own_certificate`, which is
    trusted under any name: who asks on the collector's own machine has no name for it that a certificate would bear.
    """
    return _answer(url, path, password, None, ca_file, own_certificate, FILE_TIMEOUT_SECONDS)


def _answer(  # noqa: PLR0917  # as above
    url: str,
    path: str,
    password: str | None,
    body: Mapping[str, str] | None,
    ca_file: Path | None,
    own_certificate: Path | None,
    timeout_s: float,
) -> bytes:
    if not url.startswith(("http://", "https://")):
        raise CannotAsk(f'"{url}" is not a URL such as http://127.0.0.1:8600')
    sent = None if body is None else json.dumps(dict(body)).encode()
    request = urllib.request.Request(f"{url.rstrip('/')}{path}", data=sent)  # noqa: S310  # checked above
    if sent is not None:
        request.add_header("Content-Type", "application/json")
    if password:
        request.add_header("Authorization", "Basic " + b64encode(f"reader:{password}".encode()).decode())
    try:
        with _opener(url, _trust(ca_file, own_certificate)).open(request, timeout=timeout_s) as answer:
            read: bytes = answer.read()
            return read
    except urllib.error.HTTPError as error:
        if error.code == 401 and password:
            raise CannotAsk(
                f"{url} does not take this reader password: "
                "it is what reader_password in the collector's settings was when it started"
            ) from None
        if error.code == 401:
            raise CannotAsk(
                f"{url} asks for the reader password: give --password, or the collector's own --settings"
            ) from None
        if (detail := _detail(error)) is not None:
            raise CannotAsk(detail) from None
        raise CannotAsk(f"{url} answered {error.code}; is this a Bandroom collector that has started?") from None
    except IncompleteRead:
        raise CannotAsk(f"{url} broke off in the middle of its answer; ask again") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise CannotAsk(
                f"the certificate at {url} is not trusted here ({reason.verify_message.rstrip('.')}); "
                "name the authority's file with --ca-file, and in --url the name that the certificate is for"
            ) from None
        raise CannotAsk(f"no collector answers at {url} ({reason}); start it with: bandroom serve") from None


def _detail(error: urllib.error.HTTPError) -> str | None:
    """The sentence of a refusal, if it is one of a collector's."""
    try:
        said = json.loads(error.read(65_536))
        return str(said["detail"]) if isinstance(said["error"], str) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _opener(url: str, trust: ssl.SSLContext) -> urllib.request.OpenerDirector:
    """Opens URLs as the machine does, but never asks a proxy for this machine itself."""
    https = urllib.request.HTTPSHandler(context=trust)
    if is_loopback(urlsplit(url).hostname or ""):
        return urllib.request.build_opener(https, urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(https)


def _trust(ca_file: Path | None, own_certificate: Path | None) -> ssl.SSLContext:
    trust = ssl.create_default_context()
    if file := ca_file or own_certificate:
        try:
            trust.load_verify_locations(file)
        except ssl.SSLError:
            raise CannotAsk(f"{file} holds no certificates; wanted is a file of PEM certificates") from None
        except OSError as error:
            raise CannotAsk(f"{file} cannot be read: {error.strerror}") from None
    if ca_file is None and own_certificate is not None:
        trust.check_hostname = False
        trust.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN  # it vouches for itself
    return trust
