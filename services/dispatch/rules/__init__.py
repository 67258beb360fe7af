"""The routing rules of a jurisdiction: the words that speak for each department."""
