"""How the layers of a network fold into chains, branches, blocks and repeats."""
