"""The page of a training run: how it went, what its network sees, how well it classifies images. Live, too."""
