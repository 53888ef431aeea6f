"""The weekly page for the CIO: one value, and the faces that show it."""
