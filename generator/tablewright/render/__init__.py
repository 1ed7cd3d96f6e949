"""Stage 4: views and templates → text. Of the compiler, only this package knows Jinja."""
