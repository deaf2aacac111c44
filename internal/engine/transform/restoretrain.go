package transform

import (
	"encoding/binary"

	"github.com/qtgpu/qtgpu/chroma"
)

// Trainee is a sample that its class restores, for the trainer.
type Trainee struct {
	Kind, Class int
	Missing     int32             // what the original is more
	Features    [chromaTaps]int32 // what its weights are multiplied by; the guided ones 16 times
}

// RestoreClasses and RestoreTaps are the classes of either kind of planes, and the weights of each.
const RestoreClasses = classes

// RestoreTaps are the numbers of weights of a class by kind: RestorePairs times two or three.
var RestoreTaps = [2]int{kindLuma: lumaTaps, kindChroma: chromaTaps}

// RestorePairs is the number of pairs of samples.
const RestorePairs = pairs

// Trainees visits the samples of the decoded planes of a picture, as Filter leaves them.
func Trainees(step int, defs []Plane, decoded, want []chroma.Plane, visit func(*Trainee)) {
	w, r := new(window), newRestoration(int32(step))
	for by := range w.by {
		for bx := range w.by[by] {
			w.by[by][bx] = r
		}
	}
	for i := range decoded {
		p := &decoded[i]
		for y := 0; y < p.Rows(); y += windowSide {
			for x := 0; x < p.Stride; x += windowSide {
				width, height := min(windowSide, p.Stride-x), min(windowSide, p.Rows()-y)
				w.takePlane(p, defs[i], x, y, width, height)
				if defs[i].Chroma {
					w.takeGuide(p, &decoded[0], defs[i], x, y, width, height)
				}
				w.classify(width/block, height/block)
				for j := range min(windowSide, want[i].H-y) {
					for k := range min(windowSide, want[i].W-x) {
						w.visit(int32(step), k, j, int32(want[i].Pix[(y+j)*want[i].Stride+x+k]), visit)
					}
				}
			}
		}
	}
}

// visit visits sample (x,y).
func (w *window) visit(step int32, x, y int, want int32, visit func(*Trainee)) {
	class := w.class[y/block][x/block]
	if class < 0 {
		return
	}
	t := Trainee{Kind: w.kind, Class: int(class), Missing: want - sampleAt(&w.pix, w.at(x, y))}
	at := w.at(x, y)
	wide, narrow, slope := 6*step, narrowClip(step), nearSlope(step)
	for k, o := range opposites {
		for _, beside := range [2]int{w.at(x+o.x, y+o.y), w.at(x-o.x, y-o.y)} {
			d := sampleAt(&w.pix, beside) - sampleAt(&w.pix, at)
			luma := sampleAt(&w.guide, beside) - sampleAt(&w.guide, at)
			t.Features[k] += clampTo(d, wide)
			t.Features[pairs+k] += clampTo(d, narrow)
			t.Features[2*pairs+k] += clampTo(d, wide) * nearness(luma, slope)
		}
	}
	visit(&t)
}

func sampleAt(p *samples, at int) int32 { return int32(binary.LittleEndian.Uint16(p[at:])) }
