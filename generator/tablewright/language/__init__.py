"""The schema language as a thing of its own: its keys and types in words, its JSON Schema, a starter, its changes."""
