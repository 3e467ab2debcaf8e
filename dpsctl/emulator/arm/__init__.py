"""Azure Resource Manager for the one service that the emulator is (docs/service.md#h)."""
