"""Random load and faults on a real server for as long as is wanted; what it uses must not grow."""
