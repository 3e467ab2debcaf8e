"""Who may ask: shared access signatures, access tokens, and what each route wants of its caller."""
