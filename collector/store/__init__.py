"""Where reports and what was made of them are kept: one `Store` protocol, engines beside it."""
