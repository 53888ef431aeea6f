"""HTTP: agents report and enrol, programs read rooms, people read the board."""
