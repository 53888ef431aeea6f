"""The files that a Grafana reads at its start say what is pushed to one that runs."""

from importlib import import_module
from typing import Any

import pytest

from dashboards.alert_rules import GROUPS
from dashboards.provisioning_files import rule_group
from dashboards.render import HERE

# Ships no types, and is here by way of schemathesis.
_read_yaml = import_module("yaml").safe_load


def read(name: str) -> Any:
    return _read_yaml((HERE / "provisioning" / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("title", GROUPS)
def test_rules_are_those_that_are_pushed(title: str) -> None:
    (group,) = (one for one in read("alerting/rules.yaml")["groups"] if one["name"] == title)
    pushed = rule_group(title)

    assert group["interval"] == f"{pushed['interval']}s"
    for rule, theirs in zip(group["rules"], pushed["rules"], strict=True):
        assert rule.pop("keepFiringFor") == theirs.pop("keep_firing_for")
        assert rule.items() <= theirs.items()
        assert theirs.keys() - rule.keys() == {"folderUID", "orgID", "ruleGroup"}


def test_dashboards_and_rules_are_in_one_folder() -> None:
    """Both by its title: a second folder of the same name would come of an id on one side alone."""
    (provider,) = read("dashboards/bandroom.yaml")["providers"]
    titles = {group["folder"] for group in read("alerting/rules.yaml")["groups"]}

    assert titles == {provider["folder"]}
    assert "folderUid" not in provider


def test_every_data_source_that_is_asked_is_there_and_no_secret_is() -> None:
    sources = read("datasources/bandroom.yaml")["datasources"]

    assert [one["uid"] for one in sources] == ["bandroom-reports", "bandroom-bins", "bandroom-days"]
    for one in sources:
        assert one["url"] == "$BANDROOM_INFLUX_URL"
        assert one["secureJsonData"] == {"httpHeaderValue1": "Token $BANDROOM_INFLUX_TOKEN"}
        assert one["jsonData"]["dbName"] == f"${{BANDROOM_INFLUX_PREFIX}}_{one['uid'].removeprefix('bandroom-')}"


def test_a_school_is_told_of_once() -> None:
    told = read("alerting/notifications.yaml")
    (policy,) = told["policies"]
    (route,) = policy["routes"]

    assert {policy["receiver"], route["receiver"]} == {one["name"] for one in told["contactPoints"]}
    assert route["object_matchers"] == [["product", "=", "bandroom"]]
    assert {"alertname", "site"} <= {*route["group_by"]}
    assert route["repeat_interval"] == "4w"
