"""How numbers and faults are shown."""
