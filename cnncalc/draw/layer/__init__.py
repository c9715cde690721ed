"""The styles ``window`` and ``field``: how one layer reads its input, and what one of its units sees of the image."""
