"""Stage 1: schema text → document with places. Only this package knows that schemas are YAML."""
