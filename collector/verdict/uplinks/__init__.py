"""How full the uplinks are, and when they will be: pure, by ``science.md`` section 5."""
