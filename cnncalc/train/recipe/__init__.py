"""The settings of training, recipe files and the recipes that ship: data, and nothing here imports torch."""
