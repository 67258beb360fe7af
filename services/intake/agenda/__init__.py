"""The agenda of a jurisdiction: which talks are to come, and which leaders they engage."""
