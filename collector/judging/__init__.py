"""What the verdict engine is made of: the parts that read the store, judge, and write back."""
