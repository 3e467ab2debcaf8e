"""MQTT as the device API speaks it: packets, sessions, and how they arrive."""
