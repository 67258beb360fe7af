"""An issue in dispatch: one department leads, signs and drafts; the office rules, checks and releases."""
