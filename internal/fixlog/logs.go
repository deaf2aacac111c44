package fixlog

// Logs are the logarithms of as many numbers: Log2 of each.
func Logs(dst []int32, v []uint64) {
	n := 0
	if wide {
		n = len(v) &^ 7
		wideLogs(dst[:n], v[:n])
	}
	for i, x := range v[n:] {
		dst[n+i] = Log2(x)
	}
}
