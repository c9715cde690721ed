"""What every room stands on: volumes, limits, errors and texts, numbers as text, files that are whole or not there."""
