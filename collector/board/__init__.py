"""The page at ``/``: which rooms cannot teach right now, and why. Reads what was judged, judges nothing."""
