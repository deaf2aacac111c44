//go:build !amd64 || purego

package predictive

func (r *exactRow) find() { r.findPlain(0) }
