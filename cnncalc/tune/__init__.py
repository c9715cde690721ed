"""Finding settings by trials with Optuna: what is varied, the trials as runs in folders, the results and their page."""
