"""From a request's bytes to rows in the store: decode, repair times, commit in groups, account for all."""
