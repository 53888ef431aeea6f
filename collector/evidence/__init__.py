"""Evidence to hand over: what was measured of a room or an uplink, as tables that anybody can recompute."""
