"""Many records at once: which are meant, and a write to each of them."""
