"""Bounded race stress of the engine, and its guards taken out one by one."""
