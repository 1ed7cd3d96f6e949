"""A local Airtable: the Web API over HTTP on SQLite, for first steps, tests and offline work."""
