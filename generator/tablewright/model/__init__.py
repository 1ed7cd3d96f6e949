"""The product of stage 2: what a schema means, frozen and complete. A leaf beside `expressions`."""
