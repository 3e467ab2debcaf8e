"""What people write: values and @file, strict JSON, YAML, PATH=VALUE."""
