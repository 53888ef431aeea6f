"""Where the trouble of a bad bin or a failed throughput test sits: the witnesses, and the rules that ask them."""
