"""A small server that holds each request to what Grafana documents of its HTTP API, and answers as that says.

A path, method, header or field that the documentation does not have is a `complaint`, and the fixture fails the test.
Bodies of refusals are those of Grafana 10 to 12.
"""

import json
import re
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

Json = dict[str, Any]
Answer = tuple[int, object]

ADMIN_TOKEN = "glsa_admin_0123456789"
VIEWER_TOKEN = "glsa_viewer_0123456789"
SECRET = "the-secret-of-influx"

TEXT, NUMBER, TRUTH, THING, LIST = (str,), (int, type(None)), (bool,), (dict,), (list,)
Fields = dict[str, tuple[type, ...]]

DATA_SOURCE: Fields = {
    **dict.fromkeys(("name", "type", "access", "url", "database", "user", "uid", "basicAuthUser"), TEXT),
    **dict.fromkeys(("basicAuth", "isDefault", "withCredentials"), TRUTH),
    **dict.fromkeys(("jsonData", "secureJsonData"), THING),
    **dict.fromkeys(("id", "orgId", "version"), NUMBER),
}
FOLDER: Fields = dict.fromkeys(("uid", "title", "parentUid", "description"), TEXT)
SAVE_DASHBOARD: Fields = {
    **dict.fromkeys(("folderUid", "message"), TEXT),
    "dashboard": THING,
    "folderId": NUMBER,
    "overwrite": TRUTH,
}
RULE_GROUP: Fields = {"title": TEXT, "folderUid": TEXT, "interval": (int,), "rules": LIST}
RULE: Fields = {
    **dict.fromkeys(("uid", "folderUID", "ruleGroup", "title", "condition", "noDataState", "execErrState"), TEXT),
    **dict.fromkeys(("for", "keep_firing_for"), TEXT),
    **dict.fromkeys(("annotations", "labels", "notification_settings", "record"), THING),
    **dict.fromkeys(("id", "orgID", "missingSeriesEvalsToResolve"), NUMBER),
    "data": LIST,
    "isPaused": TRUTH,
}
RULE_NEEDS = {"orgID", "folderUID", "ruleGroup", "title", "condition", "data", "noDataState", "execErrState", "for"}
QUERY: Fields = {
    **dict.fromkeys(("refId", "queryType", "datasourceUid"), TEXT),
    **dict.fromkeys(("relativeTimeRange", "model"), THING),
}


@dataclass
class GrafanaDouble:
    """Holds what was saved. `url` is where it listens, below `prefix`."""

    version: str | None = "12.4.0"
    prefix: str = ""
    certificate: Path | None = None
    complaints: list[str] = field(default_factory=list)
    data_sources: dict[str, Json] = field(default_factory=dict)
    secrets: dict[str, Json] = field(default_factory=dict)
    folders: dict[str, Json] = field(default_factory=dict)
    dashboards: dict[str, Json] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    """Uids of dashboards that come from provisioning files."""
    rule_groups: dict[tuple[str, str], Json] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    """Method and path of each request that was no GET."""

    def __enter__(self) -> "GrafanaDouble":
        double = self

        class Handler(_Handler):
            grafana = double

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if self.certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_port}{self.prefix}"

    def answer(self, method: str, path: str, headers: Json, body: Json | None) -> Answer:
        if not path.startswith(f"{self.prefix}/api/"):
            return self._complain(f"{method} {path} is not below {self.prefix}/api/")
        path = path.removeprefix(f"{self.prefix}/api")
        if method != "GET":
            self.writes.append(f"{method} {path}")
        if (method, path) == ("GET", "/health"):
            told = {} if self.version is None else {"version": self.version, "commit": "abc"}
            return 200, {"database": "ok", **told}
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token not in {ADMIN_TOKEN, VIEWER_TOKEN}:
            return 401, {"message": "Invalid API key", "messageId": "api-key.invalid", "statusCode": 401, "traceID": ""}
        for (known, pattern), (permission, act) in ROUTES.items():
            found = re.fullmatch(pattern, path)
            if known != method or found is None:
                continue
            # A viewer sees what there is, and is told of nothing whether it is there.
            if token != ADMIN_TOKEN and permission != "datasources:read":
                return 403, {
                    "accessErrorId": "ACE0123456789",
                    "message": "You'll need additional permissions to perform this action."
                    f" Permissions needed: {permission}",
                    "title": "Access denied",
                }
            return act(self, *map(unquote, found.groups()), **({} if body is None else {"body": body}))
        return self._complain(f"{method} {path} is not documented")

    def _complain(self, text: str) -> Answer:
        self.complaints.append(text)
        return 500, {"message": text}

    def _fits(self, body: Json, fields: Fields, needed: set[str], what: str) -> bool:
        before = len(self.complaints)
        for name, value in body.items():
            kinds = fields.get(name)
            if kinds is None or type(value) not in kinds:
                self.complaints.append(f"{what}: the field {name} is not documented with {value!r}")
        self.complaints += [f"{what}: {name} is missing" for name in needed - body.keys()]
        return len(self.complaints) == before

    def get_data_source(self, uid: str) -> Answer:
        known = self.data_sources.get(uid)
        return (404, {"message": "Data source not found", "traceID": ""}) if known is None else (200, known)

    def add_data_source(self, *, body: Json) -> Answer:
        if not self._fits(body, DATA_SOURCE, {"name", "type", "access"}, "data source"):
            return 400, {"message": "bad request data"}
        if any(body["name"] == one["name"] for one in self.data_sources.values()):
            return 409, {"message": "data source with the same name already exists", "traceID": ""}
        return self._keep_data_source(body, "Datasource added", version=1)

    def put_data_source(self, uid: str, *, body: Json) -> Answer:
        if uid not in self.data_sources:
            return 404, {"message": "Data source not found", "traceID": ""}
        if not self._fits(body, DATA_SOURCE, {"name", "type", "access"}, "data source"):
            return 400, {"message": "bad request data"}
        return self._keep_data_source(body, "Datasource updated", version=self.data_sources[uid]["version"] + 1)

    def _keep_data_source(self, body: Json, message: str, *, version: int) -> Answer:
        uid = body["uid"]
        self.secrets[uid] = self.secrets.get(uid, {}) | body.get("secureJsonData", {})
        kept = {key: value for key, value in body.items() if key != "secureJsonData"}
        secure = dict.fromkeys(self.secrets[uid], True)
        self.data_sources[uid] = {**kept, "id": 1, "readOnly": False, "secureJsonFields": secure, "version": version}
        return 200, {"datasource": self.data_sources[uid], "id": 1, "message": message, "name": body["name"]}

    def try_data_source(self, uid: str) -> Answer:
        if uid not in self.data_sources:
            return 404, {"message": "Data source not found", "traceID": ""}
        if self.data_sources[uid]["url"].endswith(":1"):
            return 400, {"message": "error performing influxQL query: connection refused", "status": "ERROR"}
        if not self.secrets[uid]:
            return 400, {"message": "error performing influxQL query: 401 Unauthorized", "status": "ERROR"}
        return 200, {"message": "datasource is working. 4 measurements found", "status": "OK"}

    def get_folder(self, uid: str) -> Answer:
        known = self.folders.get(uid)
        return (404, {"message": "folder not found", "status": "not-found"}) if known is None else (200, known)

    def add_folder(self, *, body: Json) -> Answer:
        if not self._fits(body, FOLDER, {"title"}, "folder"):
            return 400, {"message": "bad request data"}
        if body["uid"] in self.folders:
            return 409, {"message": "a folder with the same uid already exists"}
        self.folders[body["uid"]] = {"id": 1, "version": 1, "uid": body["uid"], "title": body["title"]}
        return 200, self.folders[body["uid"]]

    def get_dashboard(self, uid: str) -> Answer:
        known = self.dashboards.get(uid)
        return (404, {"message": "Dashboard not found", "traceID": ""}) if known is None else (200, known)

    def save_dashboard(self, *, body: Json) -> Answer:
        if not self._fits(body, SAVE_DASHBOARD, {"dashboard"}, "dashboard"):
            return 400, {"message": "bad request data"}
        wanted = body["dashboard"]
        if not wanted.get("title"):
            return 400, {"message": "Dashboard title cannot be empty", "status": "empty-name"}
        if not re.fullmatch(r"[\w-]{1,40}", wanted["uid"], re.ASCII):
            return 400, {"message": "uid contains illegal characters"}
        if body["folderUid"] not in self.folders:
            return 404, {"message": "folder not found", "status": "not-found"}
        known = self.dashboards.get(wanted["uid"])
        if wanted.get("id") is not None and known is None:
            return 404, {"message": "Dashboard not found", "status": "not-found"}
        if wanted["uid"] in self.files:
            return 400, {"message": "Cannot save provisioned dashboard"}
        if known is not None and not body.get("overwrite"):
            return 412, {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}
        version = 1 if known is None else known["dashboard"]["version"] + 1
        self.dashboards[wanted["uid"]] = {
            "dashboard": {**wanted, "id": 1, "version": version},
            "meta": {"folderUid": body["folderUid"], "provisioned": False, "version": version},
        }
        return 200, {"id": 1, "uid": wanted["uid"], "status": "success", "version": version}

    def get_rule_group(self, folder: str, name: str) -> Answer:
        known = self.rule_groups.get((folder, name))
        return (404, {"message": "rule group not found"}) if known is None else (200, known)

    def put_rule_group(self, folder: str, name: str, *, body: Json) -> Answer:
        good = self._fits(body, RULE_GROUP, {"title", "folderUid", "interval", "rules"}, "rule group")
        for rule in body["rules"]:
            good &= self._fits(rule, RULE, RULE_NEEDS, "rule")
            for query in rule["data"]:
                good &= self._fits(query, QUERY, {"refId", "datasourceUid", "model"}, "query")
        if not good or folder not in self.folders:
            return 400, {"message": "invalid alert rule"}
        rules = [{**rule, "id": 7, "updated": "2026-01-01T00:00:00Z", "isPaused": False} for rule in body["rules"]]
        self.rule_groups[folder, name] = {**body, "rules": rules}
        return 200, self.rule_groups[folder, name]


ROUTES: dict[tuple[str, str], tuple[str, Callable[..., Answer]]] = {
    ("GET", r"/datasources/uid/([\w-]+)"): ("datasources:read", GrafanaDouble.get_data_source),
    ("PUT", r"/datasources/uid/([\w-]+)"): ("datasources:write", GrafanaDouble.put_data_source),
    ("POST", r"/datasources"): ("datasources:create", GrafanaDouble.add_data_source),
    ("GET", r"/datasources/uid/([\w-]+)/health"): ("datasources:query", GrafanaDouble.try_data_source),
    ("GET", r"/folders/([\w-]+)"): ("folders:read", GrafanaDouble.get_folder),
    ("POST", r"/folders"): ("folders:create", GrafanaDouble.add_folder),
    ("GET", r"/dashboards/uid/([\w-]+)"): ("dashboards:read", GrafanaDouble.get_dashboard),
    ("POST", r"/dashboards/db"): ("dashboards:create", GrafanaDouble.save_dashboard),
    ("GET", r"/v1/provisioning/folder/([\w-]+)/rule-groups/([^/]+)"): (
        "alert.provisioning:read",
        GrafanaDouble.get_rule_group,
    ),
    ("PUT", r"/v1/provisioning/folder/([\w-]+)/rule-groups/([^/]+)"): (
        "alert.provisioning:write",
        GrafanaDouble.put_rule_group,
    ),
}


class _Handler(BaseHTTPRequestHandler):
    grafana: GrafanaDouble

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        text = self.rfile.read(length)
        if text and self.headers.get("Content-Type") != "application/json":
            self.grafana.complaints.append(f"{self.command} {self.path}: a body that is not called application/json")
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, answer = self.grafana.answer(self.command, self.path, headers, json.loads(text) if text else None)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class has named it
        """Nothing: pytest shows what went wrong."""
