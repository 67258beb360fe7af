"""What the documents take from the code: plain functions, each of which returns Markdown (tests/house/generate.py)."""
