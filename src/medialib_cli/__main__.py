"""``python -m medialib_cli`` is ``medialib``."""

from medialib_cli.app import main

if __name__ == "__main__":
    main()
