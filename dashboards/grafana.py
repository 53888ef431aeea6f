"""A Grafana that is asked and told over its HTTP API, and what to do when it refuses.

The package grafana-api sends the requests. What it leaves open is closed here: it follows redirects with the token in
hand, and fails in its own code on an error page that is no JSON, as proxies and school filters send.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from grafana_api.grafana_api import GrafanaClientError, GrafanaException, GrafanaUnauthorizedError
from grafana_api.grafana_face import GrafanaFace

OLDEST = (10, 0)
"""The oldest Grafana that has the panels of our pages and every path that is used here."""

TIMEOUT_SECONDS = 30

Json = dict[str, Any]


class CannotPush(Exception):
    """Grafana cannot be told; the message names the fix, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a Grafana is: ``http`` or ``https``, and the path below which it lives ("" or ``grafana/``)."""

    scheme: str
    host: str
    port: int | None
    prefix: str

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Raises `CannotPush` for what is no address of a server."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:  # a port or an IPv6 address that is none
            host, port, parts = None, None, urlsplit("")
        if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment or re.search(r"\s", url):
            raise CannotPush(f'"{url}" is no address of a Grafana; it looks like https://grafana.example.org')
        if parts.username is not None:
            raise CannotPush("the address of Grafana has a user name in it; leave that out and give --token")
        path = parts.path.strip("/")
        return cls(
            scheme=parts.scheme,
            host=f"[{host}]" if ":" in host else host,
            port=port,
            prefix=f"{path}/" if path else "",
        )


class Grafana:
    """One Grafana, as the holder of one token sees it. Every method raises `CannotPush`."""

    def __init__(self, url: str, token: str, *, ca_file: Path | None = None) -> None:
        if not re.fullmatch(r"[!-~]+", token):
            raise CannotPush("the token has spaces or other characters in it that no token of Grafana has")
        if ca_file is not None and not ca_file.is_file():
            raise CannotPush(f"there is no {ca_file}; --ca-file names a PEM file with the authority's certificate")
        self._url = url
        place = Address.parse(url)
        self._face = GrafanaFace(
            auth=token,
            host=place.host,
            port=place.port,
            url_path_prefix=place.prefix,
            protocol=place.scheme,
            verify=True if ca_file is None else str(ca_file),
            timeout=TIMEOUT_SECONDS,
        )
        self._face.api.s.hooks["response"].append(_refuse_foreign)

    def close(self) -> None:
        """Let go of the connections."""
        self._face.api.s.close()

    def check_version(self) -> str | None:
        """The version that it tells, or ``None`` where it is set to hide it. Raises for one that is too old."""
        with self._doing("say its version"):
            health = self._face.api.GET("/health")
        if not isinstance(health, dict) or "database" not in health:
            raise CannotPush(f"what answers at {self._url} is not a Grafana")
        version = health.get("version") or None
        if version is not None:
            known = re.match(r"(\d+)\.(\d+)", version)
            if known is not None and (int(known[1]), int(known[2])) < OLDEST:
                oldest = ".".join(map(str, OLDEST))
                raise CannotPush(f"Grafana {version} is too old: its dashboards need {oldest} or newer; upgrade it")
        return version

    def data_source(self, uid: str) -> Json | None:
        with self._doing("read data sources"):
            return _found(lambda: self._face.api.GET(f"/datasources/uid/{uid}"))

    def create_data_source(self, wanted: Json) -> None:
        with self._doing(f'make the data source "{wanted["name"]}"'):
            self._face.datasource.create_datasource(wanted)

    def replace_data_source(self, uid: str, wanted: Json) -> None:
        with self._doing(f'change the data source "{wanted["name"]}"'):
            self._face.api.PUT(f"/datasources/uid/{uid}", json=wanted)

    def data_source_fault(self, uid: str) -> str | None:
        """What Grafana says when it tries the data source; ``None`` when that works."""
        with self._doing("try a data source"):
            try:
                self._face.api.GET(f"/datasources/uid/{uid}/health")
            except GrafanaException as error:
                if error.status_code in {401, 403, 404}:
                    raise
                return _said(error)
        return None

    def folder(self, uid: str) -> Json | None:
        with self._doing("read folders"):
            return _found(lambda: self._face.folder.get_folder(uid))

    def create_folder(self, uid: str, title: str) -> None:
        with self._doing(f'make the folder "{title}"'):
            self._face.folder.create_folder(title, uid)

    def dashboard(self, uid: str) -> Json | None:
        """The dashboard with its `meta`, or ``None``."""
        with self._doing("read dashboards"):
            return _found(lambda: self._face.dashboard.get_dashboard(uid))

    def save_dashboard(self, wanted: Json, *, folder: str, message: str) -> None:
        with self._doing(f'save the dashboard "{wanted["title"]}"'):
            body = {"dashboard": wanted, "folderUid": folder, "message": message, "overwrite": True}
            self._face.dashboard.update_dashboard(body)

    def rule_group(self, folder: str, name: str) -> Json | None:
        with self._doing("read alert rules"):
            return _found(lambda: self._face.api.GET(_rule_group_path(folder, name)))

    def save_rule_group(self, folder: str, name: str, wanted: Json) -> None:
        """Put the group's rules in place of those that it has. They stay editable in Grafana's pages."""
        with self._doing(f'save the alert rules "{name}"'):
            self._face.api.PUT(_rule_group_path(folder, name), json=wanted, headers={"X-Disable-Provenance": "true"})

    @contextmanager
    def _doing(self, what: str) -> Iterator[None]:
        """Turns what goes wrong while Grafana is asked to do `what` into a line with the fix."""
        try:
            yield
        except _Foreign as error:
            raise CannotPush(f"what answers at {self._url} is not a Grafana: {error}") from error
        except GrafanaUnauthorizedError as error:
            raise CannotPush(
                f"Grafana does not take this token ({_said(error)}): make one for a service account with the role"
                " Admin, under Administration, Users and access, Service accounts"
            ) from error
        except GrafanaClientError as error:
            if error.status_code == 403:
                raise CannotPush(
                    f"the token may not {what} ({_said(error)}): give its service account the role Admin"
                ) from error
            raise CannotPush(f"Grafana refused to {what}: {_said(error)}") from error
        except GrafanaException as error:
            raise CannotPush(f"Grafana failed to {what}: {error.status_code}, {_said(error)}; see its log") from error
        except requests.exceptions.SSLError as error:
            raise CannotPush(
                f"no TLS with {self._url}: {_innermost(error)}; --ca-file names the certificate of an authority of"
                " your own, and a server without TLS has an address with http://"
            ) from error
        except requests.exceptions.Timeout as error:
            raise CannotPush(
                f"{self._url} gave no answer in {TIMEOUT_SECONDS} seconds; is that the address?"
            ) from error
        except requests.exceptions.RequestException as error:
            raise CannotPush(f"{self._url} cannot be reached: {_innermost(error)}; does Grafana run there?") from error


def _rule_group_path(folder: str, name: str) -> str:
    return f"/v1/provisioning/folder/{folder}/rule-groups/{quote(name, safe='')}"


def _found(ask: Callable[[], Json]) -> Json | None:
    try:
        return ask()
    except GrafanaClientError as error:
        if error.status_code == 404:
            return None
        raise


class _Foreign(Exception):
    """An answer that does not come from Grafana's API."""


def _refuse_foreign(response: requests.Response, **_: object) -> None:
    """Called for each answer before anything else looks at it, before a redirect is followed, too."""
    if response.is_redirect:
        place = response.headers["Location"]
        response.close()
        raise _Foreign(f"it sends us to {place}; give the address that Grafana itself has, with its path")
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):  # whatever else we ask for has this form
        kind = response.headers.get("Content-Type", "no type").partition(";")[0]
        raise _Foreign(f"status {response.status_code} with {kind}; is a proxy in between, or a path missing?")


def _said(error: GrafanaException) -> str:
    """Grafana's own words."""
    said = error.response
    text = said.get("message") if isinstance(said, Mapping) else said
    return " ".join(str(text).split())[:300]


def _innermost(error: BaseException) -> str:
    """What the cause says without the layers around it: requests wraps urllib3 wraps the system."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return " ".join(str(error.args[-1] if error.args else error).split())[:200]
