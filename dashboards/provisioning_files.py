"""Grafana's provisioning files: data sources, where the dashboards are, alert rules, and who is told how often.

Grafana replaces ``$NAME`` by the environment's in all of them but the rules, which it takes as they are. Dashboards and
rules find their folder by its title, since files of rules know no other way.
"""

import json
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from collector.store.influx_schema import RETENTIONS
from dashboards.alert_rules import EVERY_SECONDS, FOLDER, FOLDER_UID, GROUPS, rule

RECEIVER = "bandroom"

_HEAD = "# Written by bandroom dashboards render; changes here are lost.\n"


def rule_group(title: str) -> dict[str, Any]:
    """A group of rules as Grafana's provisioning API takes it."""
    rules = [json.loads(json.dumps(rule(alert, group=title).build(), cls=JSONEncoder)) for alert in GROUPS[title]()]
    return {"title": title, "folderUid": FOLDER_UID, "interval": EVERY_SECONDS, "rules": rules}


def data_sources() -> str:
    """One for each retention class; address, token and prefix come from the environment."""
    sources = [
        {
            "name": f"bandroom-{kept}",
            "uid": f"bandroom-{kept}",
            "type": "influxdb",
            "access": "proxy",
            "url": "$BANDROOM_INFLUX_URL",
            "jsonData": {
                "version": "InfluxQL",
                "dbName": f"${{BANDROOM_INFLUX_PREFIX}}_{kept}",
                "httpMode": "POST",
                "httpHeaderName1": "Authorization",
            },
            "secureJsonData": {"httpHeaderValue1": "Token $BANDROOM_INFLUX_TOKEN"},
        }
        for kept in RETENTIONS
    ]
    return _HEAD + _yaml({"apiVersion": 1, "datasources": sources})


def dashboards() -> str:
    """The folder that the dashboards lie in comes from the environment."""
    provider = {
        "name": "bandroom",
        "folder": FOLDER,
        "type": "file",
        "allowUiUpdates": False,
        "options": {"path": "$BANDROOM_DASHBOARDS"},
    }
    return _HEAD + _yaml({"apiVersion": 1, "providers": [provider]})


def alert_rules() -> str:
    """The groups of rules, in the words of files, which are not quite those of the API."""
    groups = []
    for title in GROUPS:
        group = rule_group(title)
        rules = [
            {
                {"keep_firing_for": "keepFiringFor"}.get(key, key): value
                for key, value in one.items()
                if key not in {"folderUID", "orgID", "ruleGroup"}
            }
            for one in group["rules"]
        ]
        groups.append({"orgId": 1, "name": title, "folder": FOLDER, "interval": f"{EVERY_SECONDS}s", "rules": rules})
    return _HEAD + _yaml({"apiVersion": 1, "groups": groups})


def notifications() -> str:
    """Who is told, and how often: one message for each site and kind of alarm, and one when it is over."""
    mail = {"uid": "bandroom-mail", "type": "email", "settings": {"addresses": "$BANDROOM_ALERT_EMAIL"}}
    grouped = ["grafana_folder", "alertname"]
    route = {
        "receiver": RECEIVER,
        "object_matchers": [["product", "=", "bandroom"]],
        "group_by": [*grouped, "site"],
        "group_wait": "1m",
        "group_interval": "5m",
        # An alarm that stands is not told again: that would only teach to ignore it.
        "repeat_interval": "4w",
    }
    told = {
        "apiVersion": 1,
        "contactPoints": [{"orgId": 1, "name": RECEIVER, "receivers": [mail]}],
        "policies": [{"orgId": 1, "receiver": RECEIVER, "group_by": grouped, "routes": [route]}],
    }
    warning = "# Replaces the whole tree of policies: leave it out of a Grafana that has one of its own.\n"
    return _HEAD + warning + _yaml(told)


def _yaml(value: Any, depth: int = 0) -> str:
    """Block YAML; scalars are JSON, which YAML takes as they are."""
    pad = "  " * depth
    if isinstance(value, dict) and value:
        lines = ""
        for key, one in value.items():
            nested = isinstance(one, dict | list) and one
            lines += f"{pad}{key}:\n{_yaml(one, depth + 1)}" if nested else f"{pad}{key}: {_scalar(one)}\n"
        return lines
    assert isinstance(value, list)
    lines = ""
    for one in value:
        nested = isinstance(one, dict | list) and one
        lines += f"{pad}- {_yaml(one, depth + 1).lstrip()}" if nested else f"{pad}- {_scalar(one)}\n"
    return lines


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
