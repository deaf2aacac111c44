package main

import (
	"cmp"
	"context"
	"image"
	"image/color"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// smallSide is the side up to which a picture is drawn at twice its size.
const smallSide = 1000

// borderColours are the colours of the leaves' borders, by the side of the leaf.
var borderColours = map[int]color.RGBA{
	8:  {R: 255, G: 64, B: 64, A: 255},
	16: {R: 255, G: 208, B: 0, A: 255},
	32: {R: 0, G: 176, B: 255, A: 255},
}

// treeFlags are the flags of qtgpu tree.
type treeFlags struct {
	set    *pflag.FlagSet
	out    string
	force  bool
	limits *limits
	access access
	saying
}

// treeReport is what qtgpu tree says; docs/JSON.md describes it.
type treeReport struct {
	File         string      `json:"file"`
	Output       string      `json:"output"`
	Leaves       int         `json:"leaves"`
	LeavesBySize map[int]int `json:"leaves_by_size"`
}

func newTreeReport(file, output string, leaves []qtgpu.Leaf) *treeReport {
	r := &treeReport{file, output, len(leaves), map[int]int{}}
	for _, l := range leaves {
		r.LeavesBySize[l.Size]++
	}
	return r
}

func (r *treeReport) text() *text {
	var t text
	t.line("output", "%s: %s leaves (%s)", r.Output, grouped(int64(r.Leaves)), bySize(r.LeavesBySize))
	return &t
}

func (a *app) treeCommand() *cobra.Command {
	var c treeFlags
	cmd := newCommand("tree IN.qtg -o TREE.png [--json]", "the leaves drawn over the picture", func(args []string) error {
		return a.tree(&c, args[0])
	})
	cmd.Args, cmd.ValidArgsFunction = takes(1, 1, "files"), fileArgs(qtgFiles)
	cmd.Long = `Of files of the transform engine: borders of leaves of 8 pixels are red, of 16 yellow, of 32
blue. A picture of up to 1000 pixels a side is drawn at twice its size.`
	f := cmd.Flags()
	f.VarP(&free{&c.out, "TREE.png"}, "output", "o", "the picture to write")
	isFile(f, "output", "png")
	addForce(f, &c.force)
	c.addSaying(f)
	c.limits = newLimits()
	c.limits.add(f)
	c.access.add(f)
	c.set = f
	return cmd
}

// check checks what does not depend on the input.
func (c *treeFlags) check(in string) error {
	switch ext := filepath.Ext(c.out); {
	case c.out == "":
		return usagef("missing -o: expected qtgpu tree %s -o TREE.png", safeName(in))
	case !isStream(c.out) && !strings.EqualFold(ext, ".png"):
		return usagef("-o %s: extension %q: expected .png", c.out, ext)
	}
	return c.checkSaying()
}

// tree draws the leaves of the first plane over the decoded picture.
func (a *app) tree(c *treeFlags, name string) error {
	if err := cmp.Or(c.check(name), c.access.idle(c.set, name)); err != nil {
		return err
	}
	opt := c.limits.decode()
	in, r, err := a.open(name, &c.access, &opt)
	if err != nil {
		return err
	}
	defer in.close()
	out, err := a.createPicture(c.out, c.force)
	if err != nil {
		return err
	}
	leaves, err := r.Leaves(a.ctx, 0)
	if err != nil {
		return at(in.name, err)
	}
	m, err := treePicture(a.ctx, r, leaves)
	if err != nil {
		return at(in.name, err)
	}
	if err := imagefile.Write(out, "png", m, imagefile.WriteOptions{}); err != nil {
		return out.blame(out.name, err)
	}
	return a.commit(func(w io.Writer) error { return c.report(w, newTreeReport(in.name, out.name, leaves)) })
}

// treePicture decodes a file and draws the top and left border of every leaf; the
// borders of its neighbours and of the picture close it.
func treePicture(ctx context.Context, r *qtgpu.Reader, leaves []qtgpu.Leaf) (*imagefile.Image, error) {
	m, err := imagefile.FromRaster(ctx, r.Level(0))
	if err != nil {
		return nil, err
	}
	if m.Max != 0 {
		if m, err = imagefile.FromImage(m.Std()); err != nil { // at full scale
			return nil, err
		}
	}
	scale := 1
	if max(m.W, m.H) <= smallSide {
		scale = 2
	}
	canvas := enlarged(m, scale)
	for _, l := range leaves {
		border(canvas, image.Rect(l.X, l.Y, l.X+l.Size, l.Y+l.Size), scale, borderColours[l.Size])
	}
	return canvas, nil
}

// enlarged repeats every pixel scale times across and down, as opaque 8-bit RGB.
func enlarged(m *imagefile.Image, scale int) *imagefile.Image {
	to := imagefile.New(m.W*scale, m.H*scale, 3, 8)
	size := m.Depth / 8
	for y := range to.H {
		row, src := to.Pix[y*to.Stride:], m.Pix[y/scale*m.Stride:]
		for x := range to.W {
			p := src[x/scale*m.Step:]
			for c := range 3 {
				if m.Channels < 3 {
					row[x*to.Step+c] = p[0]
				} else {
					row[x*to.Step+c] = p[c*size] // the high byte of 16 bits
				}
			}
		}
	}
	return to
}

// border draws the top and left sides of a leaf, given in pixels before scaling.
func border(m *imagefile.Image, leaf image.Rectangle, scale int, c color.RGBA) {
	r := image.Rectangle{Min: leaf.Min.Mul(scale), Max: leaf.Max.Mul(scale)}.Intersect(m.Bounds())
	if r.Empty() {
		return // in the padding
	}
	for x := r.Min.X; x < r.Max.X; x++ {
		paint(m, x, r.Min.Y, c)
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		paint(m, r.Min.X, y, c)
	}
}

func paint(m *imagefile.Image, x, y int, c color.RGBA) {
	copy(m.Pix[y*m.Stride+x*m.Step:], []byte{c.R, c.G, c.B})
}
