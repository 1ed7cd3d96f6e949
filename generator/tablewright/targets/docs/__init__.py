"""Model → the README of the generated package: field reference and diagrams."""
