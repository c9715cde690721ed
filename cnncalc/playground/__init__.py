"""The playground: a folder of files for any server, whose page runs the calculator itself in the browser."""
