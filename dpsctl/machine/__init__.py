"""The machine under us: systems, streams, signals, and files that only their owner reads."""
