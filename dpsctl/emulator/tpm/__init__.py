"""What the service and a device's TPM write to each other (docs/service.md#j4)."""
