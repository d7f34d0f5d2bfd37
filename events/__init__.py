"""What happened: typed events, decoding, validation, the log's clock."""
