"""Where records are kept: one narrow protocol, one module for each kind of store."""
