"""Checks of a room from a browser, for machines that cannot run an agent. They never enter a verdict."""
