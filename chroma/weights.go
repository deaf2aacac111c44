package chroma

// Weights are the weights of R, G and B (columns) in Y, Cb and Cr (rows), in units
// of 1/65536, for whoever runs Forward elsewhere.
func Weights() [3][3]int {
	return [3][3]int{{yR, yG, yB}, {cbR, cbG, cbB}, {crR, crG, crB}}
}
