"""Takes reports in, keeps them, judges each room and lesson, and says so."""
