"""The contract: everything that goes over the bus, as pydantic models and nothing else."""
