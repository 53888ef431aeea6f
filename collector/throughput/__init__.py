"""Throughput tests, the collector's side: who may test now, both streams, and whether a proxy would falsify them."""
