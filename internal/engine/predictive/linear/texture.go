package linear

// A texture is a class of the energies of a sample's neighbourhood: 0 and 1, 6
// and 7 say that one direction has less, the others in between how much both have.
const (
	textures   = 8
	firstFlat  = 2
	lastFlat   = 5
	Directions = textures - (lastFlat - firstFlat)
)

// The sums of both energies below which textures without a direction differ.
const (
	flat1 = 12
	flat2 = 32
	flat3 = 80
)

// leastEnergy is what one direction's energy has more than 4/3 of the other's by, in
// thirds, where it counts as larger; twice that where it counts as much larger.
const leastEnergy = 16

// textureOf compares the energy e1 along the first direction (the falling
// diagonal, or the horizontal) with e2 along the second.
func textureOf(e1, e2 int32) int32 {
	d := direction(e1, e2)
	if d > firstFlat {
		return d + lastFlat - firstFlat
	}
	if d < firstFlat {
		return d
	}
	switch e := e1 + e2; {
	case e < flat1:
		return firstFlat
	case e < flat2:
		return firstFlat + 1
	case e < flat3:
		return firstFlat + 2
	}
	return lastFlat
}

func direction(e1, e2 int32) int32 {
	d := int32(firstFlat)
	if 3*e1 >= 4*e2+leastEnergy {
		d++
	}
	if 3*e1 >= 2*(4*e2+leastEnergy) {
		d++
	}
	if 3*e2 >= 4*e1+leastEnergy {
		d--
	}
	if 3*e2 >= 2*(4*e1+leastEnergy) {
		d--
	}
	return d
}

// directionOf is the direction of a texture, 0 to Directions-1.
func directionOf(texture int32) int {
	return int(texture - min(max(texture-firstFlat, 0), lastFlat-firstFlat))
}
