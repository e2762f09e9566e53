"""Fréchet distance of two Gaussians fitted to features."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.select.decompositions import shrunk_moments
from headstart.select.inputs import Matrix, finite_matrix
from headstart.select.relatedness.sides import two_sides


def frechet_distance(a: NDArray[Any], b: NDArray[Any]) -> float:
    """‖μ_a − μ_b‖² + tr(Σ_a + Σ_b − 2(Σ_a^½ Σ_b Σ_a^½)^½), at least 0, in squared feature units.

    Dowson, Landau 1982; as a distance of features, Heusel et al. 2017 (arXiv 1706.08500). Both
    covariances shrunk (Ledoit–Wolf), so that d > n is defined. Biased upwards in small samples:
    compare only values of equally many rows, and of one feature space.

    a (n, d), b (m, d).

    Raises:
        ValueError: not two finite matrices of equal width with two rows each.
    """
    left, right = two_sides(a, b)
    mean_a, covariance_a = shrunk_moments(left)
    mean_b, covariance_b = shrunk_moments(right)
    root = _root(covariance_a)
    product = np.linalg.eigvalsh(root @ covariance_b @ root)
    fidelity = np.sqrt(np.maximum(product, 0)).sum()
    apart = np.square(mean_a - mean_b).sum()
    return float(max(0.0, apart + np.trace(covariance_a) + np.trace(covariance_b) - 2 * fidelity))


def _root(covariance: Matrix) -> Matrix:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)


def frechet_to_moments(features: NDArray[Any], mean: NDArray[Any], variance: NDArray[Any]) -> float:
    """Σ (μ − mean)² + Σ (σ − √variance)²: the distance of diagonal Gaussians, at least 0.

    For moments that a network stores of its source, such as the running mean and variance of a
    batch normalisation. In the squared unit of the features; divide by Σ variance to compare
    layers. features (n, d): the layer's inputs, variances with the divisor n. mean, variance (d,).

    Raises:
        ValueError: shapes that do not fit, a value that is not finite, or a negative variance.
    """
    matrix = finite_matrix(features, least=1)
    moments = finite_matrix(np.stack([np.asarray(mean), np.asarray(variance)]), "moments")
    if moments.shape[1] != matrix.shape[1]:
        raise ValueError(f"{moments.shape[1]} moments do not fit {matrix.shape[1]} columns")
    if (moments[1] < 0).any():
        raise ValueError("a variance is negative")
    apart = np.square(matrix.mean(axis=0) - moments[0])
    return float((apart + np.square(matrix.std(axis=0) - np.sqrt(moments[1]))).sum())
