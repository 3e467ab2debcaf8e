"""Keys for many devices: their ids read, their keys derived, in constant memory."""
