"""The outside world: Redis, HTTP, encryption, clocks."""
