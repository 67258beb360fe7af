"""An issue in feedback: asked for a rating, then closed, tracked, or handled once more."""
