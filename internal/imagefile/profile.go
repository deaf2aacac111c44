package imagefile

// profileFits tells whether an ICC profile is for samples of the given number
// of channels: gray with or without one more, or RGB. What is too short for a
// profile, or has no signature of one, is not judged.
func profileFits(icc []byte, channels int) bool {
	const space, signature = 16, 36 // ICC.1, section 7.2
	if len(icc) < signature+4 || string(icc[signature:][:4]) != "acsp" {
		return true
	}
	if channels <= 2 {
		return string(icc[space:][:4]) == "GRAY"
	}
	return string(icc[space:][:4]) == "RGB "
}
