"""The page of a run while it trains: a process of its own serves it, and training sends what is new."""
