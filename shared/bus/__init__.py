"""The bus: rooms, records, folding, the loop, and the seam to Kafka."""
