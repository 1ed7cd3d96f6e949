"""`python -m tablewright` is the command line."""

from tablewright.cli.main import main

main()
