"""What stands between a socket and a route: keys, sessions, limits, errors as answers, logs."""
