"""The bus: from a batch of records to documents, events and outcomes, and the seam to Kafka."""
