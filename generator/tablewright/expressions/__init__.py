"""Expressions: text → checked tree → Python source, value, SQL or Airtable formula. A leaf, like `model`."""
