"""The figures: each defined once, counted from the projection, and open to the issues behind it."""
