"""A training run: planned, carried out, saved in a folder, resumed and used."""
