"""The HTTP API, thin: it translates, the library decides."""
