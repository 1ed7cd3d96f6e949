"""What provisioning talks to: Airtable over HTTP, and SQL databases."""
