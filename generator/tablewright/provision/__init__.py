"""Bases and databases brought to what a schema says: plan, apply, drift, pull, copy."""
