"""How far the data lies from what a network was trained on. It explains; it never decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.ports import Encoder
from headstart.select.relatedness import frechet_distance, mmd, proxy_a_distance
from headstart.stats import jackknife
from headstart.types.errors import HeadstartError, InterruptedRunError
from headstart.types.result import Estimate, NotAvailable

MOST = 500
PARTS = 5
NO_SAMPLE = (
    "the catalogue holds no sample of what the network was trained on; name one with --reference"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A sample of what the networks were trained on: values and their content hashes."""

    values: tuple[str, ...]
    keys: tuple[str, ...]


def relatedness(
    features: NDArray[np.float32],
    values: Sequence[str],
    encoder: Encoder | None,
    reference: Reference | None,
    seed: int,
) -> dict[str, Estimate | NotAvailable]:
    """MMD with its permutation p-value, proxy A-distance and Fréchet distance to the sample."""
    names = ("MMD²", "MMD² p-value", "proxy A-distance", "Fréchet distance")
    if encoder is None:
        return dict.fromkeys(names, NotAvailable("nothing was pretrained"))
    if reference is None:
        return dict.fromkeys(names, NotAvailable(NO_SAMPLE))
    random = np.random.default_rng([seed, 14])
    chosen = np.sort(random.permutation(len(reference.values))[:MOST])
    try:
        there = encoder.encode(
            [reference.values[i] for i in chosen], [reference.keys[i] for i in chosen]
        )
    except InterruptedRunError:
        raise
    except HeadstartError as error:
        return dict.fromkeys(names, NotAvailable(error.message))
    here = features[np.sort(random.permutation(len(features))[:MOST])]
    return {**_kernel(here, there, seed), **_distances(here, there, seed)}


def _kernel(
    here: NDArray[np.float32], there: NDArray[np.float32], seed: int
) -> dict[str, Estimate | NotAvailable]:
    found = mmd(here, there, seed=seed)
    n = len(here) + len(there)
    parts = _parts(len(here), len(there), seed)
    without = [mmd(here[a], there[b], permutations=1, seed=seed).value for a, b in parts]
    p = found.p_value
    method = "permutations of the two samples"
    return {
        "MMD²": jackknife(found.value, without, n=n),
        "MMD² p-value": Estimate(p, None, None, n, f"{method}; a p-value has no interval"),
    }


def _distances(
    here: NDArray[np.float32], there: NDArray[np.float32], seed: int
) -> dict[str, Estimate | NotAvailable]:
    parts = _parts(len(here), len(there), seed)
    whole = frechet_distance(here, there)
    without = [frechet_distance(here[a], there[b]) for a, b in parts]
    return {
        "proxy A-distance": proxy_a_distance(here, there, seed),
        "Fréchet distance": jackknife(whole, without, n=len(here) + len(there)),
    }


def _parts(n: int, m: int, seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    random = np.random.default_rng([seed, 15])
    a, b = random.permutation(n) % PARTS, random.permutation(m) % PARTS
    return [(np.flatnonzero(a != i), np.flatnonzero(b != i)) for i in range(PARTS)]
