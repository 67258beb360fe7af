"""A talk of intake's at which departments are to be present, as far as their people hear of it."""
