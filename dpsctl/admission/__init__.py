"""Whether a service would let a device in, and what keeps it out: judged here, nothing is asked."""
