"""The page of a training run: how it went, what its network sees, how well it tells images apart. Live, too."""
