"""Grafana: dashboards and alert rules, and how they get there."""
