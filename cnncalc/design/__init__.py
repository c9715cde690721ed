"""Many designs of one network: what is varied, what must hold, and which of them are good."""
