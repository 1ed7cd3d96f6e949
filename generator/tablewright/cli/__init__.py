"""The command line: reads arguments, calls one library function, prints, and returns 0, 1 or 2."""
