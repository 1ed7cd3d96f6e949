"""Stage 3: model → views → files in memory. One package for each thing that comes out."""
