"""``python -m cnncalc`` and the command ``cnncalc``."""

import gc

gc.disable()  # importing makes many objects and no garbage; looking for some takes a tenth of the start

from cnncalc.commands.cli import main  # noqa: E402

gc.enable()

if __name__ == "__main__":
    main()
