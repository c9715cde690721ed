"""What the numbers are compared with. Nothing in here may import cnncalc."""
