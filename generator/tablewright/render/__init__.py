"""Stage 4: views and templates → text. Only this package knows Jinja."""
