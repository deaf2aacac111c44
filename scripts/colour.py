#!/usr/bin/python3
"""How far colour is off over areas, beside WebP at equal bytes.

    scripts/colour.py [-t 5,10,20,30] QTGPU[,QTGPU...] IMAGE...

For each t every image is encoded by each QTGPU, and by cwebp -m 6 to the bytes of the first. Of the
decoded pixels it prints the means over all images of: bytes, the distance in Cb and Cr of the means of
blocks of 8 and 32 pixels from what they were, and RGB PSNR. Needs numpy, webp and ImageMagick.
"""
import argparse
import os
import subprocess
import tempfile

import numpy

# What qtgpu keeps of the metadata of a Kodak PNG, which cwebp, given PPM, does not have.
METADATA = 70


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    width, height = map(int, data.split(None, 4)[1:3])
    return numpy.frombuffer(data[-width * height * 3:], numpy.uint8).reshape(height, width, 3).astype(float)


def blocks(plane, side):
    height, width = (n - n % side for n in plane.shape)
    return plane[:height, :width].reshape(height // side, side, width // side, side).mean((1, 3))


def errors(want, got):
    d = got - want
    luma = d @ [.299, .587, .114]
    cb, cr = (d[..., 2] - luma) / 1.772, (d[..., 0] - luma) / 1.402
    return [numpy.hypot(blocks(cb, n), blocks(cr, n)).mean() for n in (8, 32)] + [10 * numpy.log10(255**2 / (d**2).mean())]


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def measure(programs, t, image, at):
    ppm, coded, decoded = (os.path.join(at, name) for name in ("in.ppm", "coded", "out.ppm"))
    run("convert", image, ppm)
    want, rows = read(ppm), {}
    for program in programs:
        run(program, "-i", image, "-t", t, "-o", coded + ".qtg", "-f", "-q")
        run(program, "-i", coded + ".qtg", "-o", decoded, "-f", "-q")
        rows[program] = [os.path.getsize(coded + ".qtg") - METADATA] + errors(want, read(decoded))
    run("cwebp", "-quiet", "-m", "6", "-pass", "10", "-size", str(rows[programs[0]][0]), ppm, "-o", coded)
    run("dwebp", coded, "-ppm", "-o", decoded)
    rows["cwebp -m 6"] = [os.path.getsize(coded)] + errors(want, read(decoded))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-t", default="5,10,20,30")
    parser.add_argument("programs")
    parser.add_argument("images", nargs="+")
    args = parser.parse_args()
    print("| t | | bytes | 8 × 8 | 32 × 32 | RGB PSNR |\n|---|---|---|---|---|---|")
    for t in args.t.split(","):
        rows = {}
        with tempfile.TemporaryDirectory() as at:
            for image in args.images:
                for name, row in measure(args.programs.split(","), t, image, at).items():
                    rows.setdefault(name, []).append(row)
        for name, all_rows in rows.items():
            size, small, large, psnr = numpy.mean(all_rows, 0)
            print(f"| {t} | {name} | {size:,.0f} | {small:.3f} | {large:.3f} | {psnr:.2f} |", flush=True)


if __name__ == "__main__":
    main()
