"""Model → the requests that create the tables in an Airtable base."""
