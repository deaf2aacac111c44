//go:build !amd64 || purego

package predictive

func (r *exactRow) find() { r.findPlain(0) }

func (r *codedRow) place() { r.placePlain(0) }

func clamp(pix []int32, least, most int32) { clampPlain(pix, least, most) }
