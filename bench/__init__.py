"""Benchmarks: CPU per request, as ratios against a floor and a peer measured in the same run."""
