"""How is the command run where it is not on the path? As ``python -m landscape``."""

from landscape.cli import main

if __name__ == "__main__":
    main()
