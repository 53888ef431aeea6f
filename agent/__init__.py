"""The agent: probes become reports, reports wait in the spool, the push delivers them.

Imports `wire`, the standard library and psutil. Runs on Linux, Windows and macOS.
"""
