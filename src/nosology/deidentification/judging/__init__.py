"""What becomes of found spans: completed, repeated, or given back as plain words."""
