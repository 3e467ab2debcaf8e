"""How connections arrive: threads, HTTP/1.1 and TLS."""
