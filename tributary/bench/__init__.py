"""Benchmarks of what Tributary does to texts, on annotated documents."""
