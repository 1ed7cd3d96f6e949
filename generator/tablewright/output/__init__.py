"""Stage 5: files in memory → disk. Compares, shows or writes; the path up to here is one."""
