"""An official of the directory, with roles, level and department."""
