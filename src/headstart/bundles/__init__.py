"""The bundle format: layout, manifest, predictor."""
