"""How near our numbers are to those of the field's reference tools, side by side in one run."""
