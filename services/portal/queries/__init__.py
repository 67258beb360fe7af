"""What pages ask the projection, in SQL: plain functions of a connection that only reads."""
