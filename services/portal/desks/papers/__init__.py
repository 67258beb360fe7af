"""Papers of the three meetings: drafted from figures, chosen by a person, frozen; and the meetings that heard them."""
