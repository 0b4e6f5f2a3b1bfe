"""What a person looks at: server-rendered pages over the same store and functions as the API."""
