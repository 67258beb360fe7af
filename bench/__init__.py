"""The benchmarks: `python -m bench [all|pipeline|latency|replay|memory|against DIR]`; results: bench/results."""
