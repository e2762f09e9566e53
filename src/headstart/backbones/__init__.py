"""The catalogue, loading and running pretrained networks, the feature store."""
