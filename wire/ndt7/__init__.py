"""ndt7 (M-Lab's specification, version 0.11.0): what both sides agree on, and both sides of a test."""
