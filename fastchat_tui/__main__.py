"""``python -m fastchat_tui``: as the command ``fastchat-tui``, and as safe in a folder that somebody else filled."""

import os
import sys

if not sys.flags.safe_path and sys.path[0] == os.getcwd() and not __file__.startswith(sys.path[0] + os.sep):
    del sys.path[0]  # ``-m`` puts the working folder first, where a file may bear the name of a module that we import

from fastchat_tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
