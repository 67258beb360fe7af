"""The main job on real input: a file of messages with real reply times, played through the whole loop as history."""
