"""What the service API holds: enrollment groups, enrollments, registrations."""
