"""IoT Central on this machine: devices, device groups, and enrollment groups."""
