"""Files that people hand in with an issue: received, looked at in a process apart, kept by hash, served."""
