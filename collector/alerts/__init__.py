"""Alerts for technicians: few, grouped by cause, each told once and once more when it is over."""
