"""The benchmarks: `python -m bench [pipeline|latency|replay|memory|all]`; results are kept in bench/results."""
