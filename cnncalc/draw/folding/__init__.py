"""Which blocks and repeats of a network a picture shows opened, as a scene without sizes or places."""
