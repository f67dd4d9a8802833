"""Programs that do real work with Task Control."""
