"""Arms on identical folds, and the verdict."""
