#!/usr/bin/env python3
"""What no predictor of neighbours can undercut: oracle.py FILE.tif STEPS

Rounds the samples of a raster to 1/STEPS of a unit and prints bits per sample of two oracles: 32 sets of
weights, fitted to the samples themselves, for 24 neighbours that come before a sample, and for all 24
around it, which a decoder does not have; residuals cost what the generalised Gaussian takes that fits them
best in each of 64 classes of the residuals beside them. Weights, classes and shapes cost nothing. Samples
that are 0, invalid or beside such are left out. Needs GDAL and numpy.
"""
import math
import sys

import numpy as np
from osgeo import gdal

REACH = 3


def shifted(z, offset):
    return np.roll(np.roll(z, offset[0], 0), offset[1], 1)


def residuals(z, inside, offsets, sets=32):
    """The residuals of the pixels inside, by sets of weights that their neighbours' differences choose."""
    samples = np.stack([shifted(z, o)[inside] for o in offsets] + [np.ones(inside.sum())], 1)
    rough = sum(np.abs(shifted(z, o) - shifted(z, offsets[0])) for o in offsets[1:])[inside]
    of = np.digitize(rough, np.quantile(rough, np.linspace(0, 1, sets + 1)[1:-1]))
    want, left = z[inside], np.zeros(inside.sum())
    for k in range(sets):
        weights = np.linalg.lstsq(samples[of == k], want[of == k], rcond=None)[0]
        left[of == k] = want[of == k] - samples[of == k] @ weights
    return left


def bits(left, z, inside, beside, classes=64):
    """The bits of a residual, its distribution chosen by the mean of the ones beside it."""
    all_of = np.zeros_like(z)
    all_of[inside] = np.abs(left)
    scale = sum(shifted(all_of, o) for o in beside)[inside]
    of = np.digitize(scale, np.quantile(scale, np.linspace(0, 1, classes + 1)[1:-1]))
    total = 0
    for k in range(classes):
        x, best = np.abs(left[of == k]), math.inf
        for shape in (0.5, 0.7, 0.85, 1, 1.25, 1.5, 2):
            width = (shape * np.mean(x**shape)) ** (1 / shape) + 1e-9
            nats = math.log(2 * width) + math.lgamma(1 + 1 / shape) + np.mean((x / width) ** shape)
            best = min(best, nats / math.log(2))
        total += max(best, 0) * len(x)
    return total / len(left)


def main():
    gdal.UseExceptions()
    raster = gdal.Open(sys.argv[1])  # which its bands need
    band = raster.GetRasterBand(1)
    samples, none = band.ReadAsArray().astype("f8"), band.GetNoDataValue()
    valid = np.isfinite(samples) & (samples != none if none is not None else True)
    z = np.where(valid, np.round(samples * int(sys.argv[2])), 0)
    valid &= z != 0
    inside = valid.copy()
    for y in range(-REACH, REACH + 1):
        for x in range(-REACH, REACH + 1):
            inside &= shifted(valid, (y, x))
    for edge in (inside, inside.T):
        edge[: REACH + 1] = edge[-REACH - 1 :] = False
    before = [(y, x) for y in range(4) for x in range(-3, 4) if y > 0 or x > 0]
    around = [(y, x) for y in range(-2, 3) for x in range(-2, 3) if (y, x) != (0, 0)]
    nearest = [(y, x) for y, x in around if abs(y) < 2 and abs(x) < 2]
    print(f"{valid.sum()} samples that are valid and not 0, {inside.sum()} of them inside")
    for name, offsets, beside in (("before", before, [(0, 1), (0, 2), (1, 0), (1, 1), (1, -1), (2, 0)]), ("around", around, nearest)):
        each = bits(residuals(z, inside, offsets), z, inside, beside)
        print(f"{name}: {each:.3f} bits a sample, {each * valid.sum() / 8:.0f} bytes of all that are valid and not 0")


main()
