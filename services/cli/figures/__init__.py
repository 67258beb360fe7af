"""The figures of issues, told a second time from the event log alone: rates, sums, and what each rests on."""
