"""The parts of `resolve`: text to Python's syntax tree, and one module for each kind of thing found in it."""
