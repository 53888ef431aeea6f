"""Judging: values in, values out. No socket, no clock, no store, no SQL."""
