"""How the layers of a network fold into chains, branches, blocks and repeats, and which of these a picture shows."""
