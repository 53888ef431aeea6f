"""What leaves as mail."""
