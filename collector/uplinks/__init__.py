"""The uplinks of a district: what they carried, by five minutes and weeks of lessons, and what is ahead of them."""
