"""From a network to PyTorch and back.

Only the files that need torch import it: what a network is for PyTorch (`plan`) and its source (`source`)
are made without it.
"""
