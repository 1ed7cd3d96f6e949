"""One YAML file becomes typed task models, an Airtable base and documentation."""

__version__ = "0.1.0"
