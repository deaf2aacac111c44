#!/usr/bin/env python3
"""Compares the size of rasters with GDAL's, and measures the errors from outside.

    scripts/rasters.py QTGPU DIR [-t T ...]

QTGPU is the command, DIR holds GeoTIFF files. Lossless, the peers are the best of DEFLATE 9
and ZSTD 22 with any predictor, and LERC_ZSTD; within T, LERC_ZSTD. All have tiles of 512.
Samples of both are read by GDAL and compared in Python; no data and NaN must stay what
they are. Needs python3-gdal, and writes Markdown.
"""
import argparse, array, math, os, subprocess, tempfile
from osgeo import gdal

gdal.UseExceptions()
CODES = {gdal.GDT_Byte: "B", gdal.GDT_UInt16: "H", gdal.GDT_Int16: "h", gdal.GDT_UInt32: "I",
         gdal.GDT_Int32: "i", gdal.GDT_Float32: "f", gdal.GDT_Float64: "d"}


def samples(name):
    """The samples of all bands, and the values of no data."""
    d = gdal.Open(name)
    bands = [d.GetRasterBand(i + 1) for i in range(d.RasterCount)]
    return [array.array(CODES[b.DataType], b.ReadRaster()) for b in bands], [b.GetNoDataValue() for b in bands]


def worst(original, decoded):
    """The largest error of a sample that has data; inf where data and no data differ."""
    (a, none), (b, _) = samples(original), samples(decoded)
    most = 0.0
    for x, y, n in zip(a, b, none):
        if x.tobytes() == y.tobytes():
            continue
        for u, v in zip(x, y):
            if u != v and not (u != u and v != v):
                lost = u != u or v != v or u == n or v == n
                most = max(most, math.inf if lost else abs(u - v))
    return most


def gtiff(src, out, **options):
    options = dict(TILED="YES", BLOCKXSIZE=512, BLOCKYSIZE=512, **options)
    gdal.Translate(out, src, creationOptions=[f"{k}={v}" for k, v in options.items()])
    return os.path.getsize(out)


def best(src, out):
    """The smallest lossless file of GDAL and how it was made."""
    tries = []
    for p in (1, 2, 3) if gdal.Open(src).GetRasterBand(1).DataType >= gdal.GDT_Float32 else (1, 2):
        tries.append((gtiff(src, out, COMPRESS="DEFLATE", ZLEVEL=9, PREDICTOR=p), f"DEFLATE p{p}"))
        tries.append((gtiff(src, out, COMPRESS="ZSTD", ZSTD_LEVEL=22, PREDICTOR=p), f"ZSTD p{p}"))
    return min(tries)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("qtgpu")
    p.add_argument("dir")
    p.add_argument("-t", type=float, nargs="*", default=[])
    o = p.parse_args()
    print("| file | T | bytes | largest error | GDAL's best | ratio | LERC_ZSTD | its largest error | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as tmp:
        ours, back, theirs = (os.path.join(tmp, n) for n in ("o.qtg", "o.tif", "p.tif"))
        for name in sorted(os.listdir(o.dir)):
            src = os.path.join(o.dir, name)
            if not name.endswith(".tif"):
                continue
            for t in [0] + o.t:
                integers = gdal.Open(src).GetRasterBand(1).DataType < gdal.GDT_Float32
                if integers and t != int(t):
                    continue
                done = subprocess.run([o.qtgpu, "-i", src, "-t", f"{t:g}", "--bound", "max", "-o", ours, "-q", "-f"], capture_output=True, text=True)
                if done.returncode:
                    print(f"| {name} | {t:g} | {done.stderr.strip().splitlines()[-1]} |")
                    continue
                subprocess.run([o.qtgpu, "-i", ours, "-o", back, "-q", "-f"], check=True, capture_output=True)
                size = os.path.getsize(ours)
                row = [name[:-4], f"{t:g}", f"{size:,}", f"{worst(src, back):.7g}"]
                if t == 0:
                    n, how = best(src, theirs)
                    row += [f"{n:,} ({how})", f"{size / n:.3f}"]
                else:
                    row += ["", ""]
                n = gtiff(src, theirs, COMPRESS="LERC_ZSTD", ZSTD_LEVEL=22, MAX_Z_ERROR=t)
                row += [f"{n:,}", f"{worst(src, theirs):.7g}", f"{size / n:.3f}"]
                print("|", " | ".join(row), "|", flush=True)


if __name__ == "__main__":
    main()
