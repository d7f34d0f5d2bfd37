"""What is measured: speed, memory and the same job done the stock way; not part of the product."""
