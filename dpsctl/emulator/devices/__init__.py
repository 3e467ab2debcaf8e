"""What devices ask: who they are, where they go, and how they are told."""
