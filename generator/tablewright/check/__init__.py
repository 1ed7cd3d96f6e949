"""Stage 2: document → model. Every finding at once; a rejected schema gives no model."""
