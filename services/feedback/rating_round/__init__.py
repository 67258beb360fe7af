"""A monthly rating round: who has open invitations at a level is reminded, once."""
