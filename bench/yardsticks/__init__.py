"""What a team would use instead, each the best honest set-up, on the same Redis and receiver."""
