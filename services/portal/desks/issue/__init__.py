"""The page of one issue, for everybody who may read it."""
