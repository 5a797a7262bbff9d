"""`python -m ecglib` is the command `ecglib`."""

from ecglib.cli import main

if __name__ == "__main__":
    main()
