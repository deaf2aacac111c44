#!/usr/bin/python3
"""Lays crops of a picture side by side, as every codec makes them at the same number of bytes.

    scripts/crops.py QTGPU IMAGE OUT.png --bpp RATE --crop WxH+X+Y [--crop ...]

One row for each crop: the original, JPEG (cjpeg -optimize), WebP (cwebp -m 6), AVIF (avifenc -s 6),
JPEG XL (cjxl -e 7), and qtgpu with --effort 2, --effort 4 and --effort 4 --tune visual. Settings are
bisected for the most bytes that are no more than RATE bits for each pixel of the whole picture; what
came out is printed. Needs the programs that scripts/quality.py needs."""
import argparse
import os
import subprocess
import tempfile

# Name, what encodes to {out} at {q}, what decodes to {dec}, and the settings from few bytes to many.
PEERS = [
    ("JPEG", "cjpeg -optimize -quality {q} -outfile {out} {ppm}", "djpeg -outfile {dec} {out}", (1, 100)),
    ("WebP", "cwebp -quiet -m 6 -q {q} {ppm} -o {out}", "dwebp -quiet -ppm {out} -o {dec}", (0, 100)),
    ("AVIF", "avifenc -s 6 -j 1 -y 420 --min 0 --max 63 -a end-usage=q -a cq-level={q} {png} {out}.avif",
     "avifdec -j 1 {out}.avif {dec}.png", (63, 0)),
    ("JPEG XL", "cjxl --quiet --num_threads=0 -e 7 -d {q} {png} {out}", "djxl --quiet --num_threads=0 {out} {dec}", (15, 0.1)),
]
OURS = [("effort 2", ""), ("effort 4", "--effort 4"), ("effort 4, visual", "--effort 4 --tune visual")]


def run(command, **names):
    subprocess.run([p.format(**names) for p in command.split()], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def size(out):
    return os.path.getsize(out + ".avif" if os.path.exists(out + ".avif") else out)


def peer(encode, decode, settings, most, **names):
    """Bisects the setting, and gives the decoded picture and its bytes."""
    low, high = settings  # low keeps to most, as far as there is such
    for _ in range(9):
        q = (low + high) / 2
        if isinstance(settings[0], int) and isinstance(settings[1], int):
            q = round(q)
        run(encode, q=q, **names)
        if size(names["out"]) <= most:
            low = q
        else:
            high = q
    run(encode, q=low, **names)
    run(decode, **names)
    dec = names["dec"]
    return dec + ".png" if os.path.exists(dec + ".png") else dec, size(names["out"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("qtgpu")
    parser.add_argument("image")
    parser.add_argument("out")
    parser.add_argument("--bpp", type=float, required=True)
    parser.add_argument("--crop", action="append", required=True)
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        png, ppm = os.path.join(folder, "in.png"), os.path.join(folder, "in.ppm")
        run("convert {image} -depth 8 {png}", image=a.image, png="png24:" + png)
        run("convert {png} {ppm}", png=png, ppm=ppm)
        pixels = subprocess.run(["identify", "-format", "%w %h", png], check=True, stdout=subprocess.PIPE).stdout.split()
        most = int(a.bpp * int(pixels[0]) * int(pixels[1]) / 8)
        pictures = [("original", png)]
        for i, (name, encode, decode, settings) in enumerate(PEERS):
            out, dec = os.path.join(folder, f"peer{i}"), os.path.join(folder, f"peer{i}.ppm")
            picture, n = peer(encode, decode, settings, most, png=png, ppm=ppm, out=out, dec=dec)
            print(f"{name}: {n} of {most} bytes")
            pictures.append((name, picture))
        for i, (name, flags) in enumerate(OURS):
            out, dec = os.path.join(folder, f"ours{i}.qtg"), os.path.join(folder, f"ours{i}.ppm")
            run("{qtgpu} -q --size {most} " + flags + " -i {png} -o {out}", qtgpu=a.qtgpu, most=most, png=png, out=out)
            run("{qtgpu} -q -i {out} -o {dec}", qtgpu=a.qtgpu, out=out, dec=dec)
            print(f"qtgpu, {name}: {size(out)} of {most} bytes")
            pictures.append((name, dec))
        rows = []
        for crop in a.crop:
            row = os.path.join(folder, f"row{len(rows)}.png")
            cells = []
            for name, picture in pictures:
                cells += ["(", picture, "+gravity", "-crop", crop, "+repage", "-gravity", "south", "-background", "white", "-splice", "0x14",
                          "-pointsize", "11", "-annotate", "+0+1", name, ")"]
            subprocess.run(["convert", *cells, "+append", row], check=True)
            rows.append(row)
        subprocess.run(["convert", *rows, "-append", "png24:" + a.out], check=True)


if __name__ == "__main__":
    main()
