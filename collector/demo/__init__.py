"""The demo: a real collector and one real agent beside a district that is simulated and says so."""
