"""Model → the generated Python package."""
