"""The search in the bar, for officials."""
