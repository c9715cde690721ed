"""``python -m cnncalc``"""

from cnncalc.commands.cli import main

if __name__ == "__main__":
    main()
