"""Pictures of a network: what they show, what they are made of, how they are written."""
