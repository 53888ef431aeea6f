"""A little of everything that is pushed, under names of a test's own."""

from typing import Any

from dashboards.push import Content
from tests.dashboards.grafana_double import SECRET

Json = dict[str, Any]


def small_content(mark: str, *, influx_url: str = "http://127.0.0.1:1") -> Content:
    return Content(
        folder_uid=mark,
        folder_title=f"Folder of {mark}",
        data_sources=[data_source(f"{mark}-{name}", influx_url) for name in ("reports", "bins")],
        dashboards=[dashboard(f"{mark}-{name}", f"{mark}-reports") for name in ("district", "room")],
        rule_groups=[rule_group(mark)],
    )


def data_source(uid: str, url: str) -> Json:
    return {
        "uid": uid,
        "name": uid,
        "type": "influxdb",
        "access": "proxy",
        "url": url,
        "jsonData": {"version": "InfluxQL", "dbName": uid, "httpMode": "POST", "httpHeaderName1": "Authorization"},
        "secureJsonData": {"httpHeaderValue1": f"Token {SECRET}"},
    }


def dashboard(uid: str, source: str) -> Json:
    return {
        "uid": uid,
        "title": f"Page {uid}",
        "tags": ["bandroom"],
        "timezone": "browser",
        "schemaVersion": 41,
        "panels": [
            {
                "id": 1,
                "type": "stat",
                "title": "Rooms",
                "datasource": {"type": "influxdb", "uid": source},
                "gridPos": {"x": 0, "y": 0, "w": 6, "h": 4},
                "targets": [{"refId": "A", "rawQuery": True, "query": 'SELECT last("rooms") FROM "site_now"'}],
            }
        ],
    }


def rule_group(folder: str) -> Json:
    title = "Rooms & lessons"
    return {
        "title": title,
        "folderUid": folder,
        "interval": 60,
        "rules": [
            {
                "uid": f"{folder}-bad",
                "orgID": 1,
                "folderUID": folder,
                "ruleGroup": title,
                "title": "A room is bad",
                "condition": "A",
                "data": [
                    {
                        "refId": "A",
                        "relativeTimeRange": {"from": 600, "to": 0},
                        "datasourceUid": "__expr__",
                        "model": {"refId": "A", "type": "math", "expression": "0 > 1"},
                    }
                ],
                "noDataState": "OK",
                "execErrState": "Error",
                "for": "5m",
                "annotations": {"summary": "a room is bad"},
                "labels": {"team": "network"},
            }
        ],
    }
