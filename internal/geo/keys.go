package geo

import (
	"fmt"
	"math"
	"strings"
)

// key is the number of a GeoKey.
type key uint16

// The keys that are read. Their names are from GeoTIFF 1.1.
const (
	keyModelType         key = 1024
	keyRasterType        key = 1025
	keyCitation          key = 1026
	keyGeodeticCRS       key = 2048
	keyGeodeticCitation  key = 2049
	keyPrimeMeridian     key = 2051
	keyGeogLinearUnits   key = 2052
	keyGeogLinearSize    key = 2053
	keyGeogAngularUnits  key = 2054
	keyGeogAngularSize   key = 2055
	keyMeridianLongitude key = 2061
	keyProjectedCRS      key = 3072
	keyProjectedCitation key = 3073
	keyProjLinearUnits   key = 3076
	keyProjLinearSize    key = 3077
)

var keyNames = map[key]string{
	keyModelType:         "GTModelTypeGeoKey",
	keyRasterType:        "GTRasterTypeGeoKey",
	keyCitation:          "GTCitationGeoKey",
	keyGeodeticCRS:       "GeodeticCRSGeoKey",
	keyGeodeticCitation:  "GeodeticCitationGeoKey",
	keyPrimeMeridian:     "PrimeMeridianGeoKey",
	keyGeogLinearUnits:   "GeogLinearUnitsGeoKey",
	keyGeogLinearSize:    "GeogLinearUnitSizeGeoKey",
	keyGeogAngularUnits:  "GeogAngularUnitsGeoKey",
	keyGeogAngularSize:   "GeogAngularUnitSizeGeoKey",
	keyMeridianLongitude: "PrimeMeridianLongitudeGeoKey",
	keyProjectedCRS:      "ProjectedCRSGeoKey",
	keyProjectedCitation: "ProjectedCitationGeoKey",
	keyProjLinearUnits:   "ProjLinearUnitsGeoKey",
	keyProjLinearSize:    "ProjLinearUnitSizeGeoKey",
}

func (k key) String() string {
	if name := keyNames[k]; name != "" {
		return fmt.Sprintf("%s (%d)", name, uint16(k))
	}
	return fmt.Sprintf("key %d", uint16(k))
}

// The tags that values of keys lie in.
const (
	inPlace   = 0
	inKeys    = 34735
	inDoubles = 34736
	inText    = 34737
)

// entry says where the value of a key lies.
type entry struct{ tag, count, offset uint16 }

// keys are the entries of a GeoKeyDirectory, and the tags that they point into.
type keys struct {
	entries map[key]entry
	tags    *Tags
}

// parseKeys reads the directory, 7.1.2: a header of version, revision, minor revision and
// number of keys, then four numbers for each key. The order of keys does not matter.
func parseKeys(t *Tags) (*keys, error) {
	const directory = "GeoKeyDirectory (34735)"
	k := &keys{map[key]entry{}, t}
	if len(t.Keys) == 0 {
		return k, nil
	}
	if len(t.Keys) < 4 {
		return nil, fmt.Errorf("%s: %d values, expected 4 or more", directory, len(t.Keys))
	}
	if t.Keys[0] != 1 {
		return nil, fmt.Errorf("%s: version %d, expected 1", directory, t.Keys[0])
	}
	n := int(t.Keys[3])
	if len(t.Keys) < 4+4*n {
		return nil, fmt.Errorf("%s: %d values, expected %d for %d keys", directory, len(t.Keys), 4+4*n, n)
	}
	for i := range n {
		v := t.Keys[4+4*i:][:4]
		if _, twice := k.entries[key(v[0])]; twice {
			return nil, fmt.Errorf("%s: %v twice, expected once", directory, key(v[0]))
		}
		k.entries[key(v[0])] = entry{v[1], v[2], v[3]}
	}
	return k, nil
}

// short is the value of a key of type SHORT, and 0 where it is absent: both say that it was
// left out, requirement 3.1.
func (k *keys) short(id key) (uint16, error) {
	e, ok := k.entries[id]
	switch {
	case !ok:
		return 0, nil
	case e.tag == inPlace:
		return e.offset, nil
	case e.tag != inKeys:
		return 0, fmt.Errorf("%v: value in tag %d, expected a SHORT, in the directory", id, e.tag)
	case e.count != 1 || int(e.offset) >= len(k.tags.Keys):
		return 0, fmt.Errorf("%v: %d values at %d of the %d in the directory, expected one", id, e.count, e.offset, len(k.tags.Keys))
	}
	return k.tags.Keys[e.offset], nil
}

// double is the value of a key of type DOUBLE, and whether there is one.
func (k *keys) double(id key) (v float64, ok bool, err error) {
	e, ok := k.entries[id]
	switch {
	case !ok:
		return 0, false, nil
	case e.tag != inDoubles:
		return 0, false, fmt.Errorf("%v: value in tag %d, expected a DOUBLE, in GeoDoubleParams (34736)", id, e.tag)
	case e.count != 1 || int(e.offset) >= len(k.tags.Doubles):
		return 0, false, fmt.Errorf("%v: %d values at %d of the %d in GeoDoubleParams (34736), expected one", id, e.count, e.offset, len(k.tags.Doubles))
	}
	if v = k.tags.Doubles[e.offset]; math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false, fmt.Errorf("%v: %v, expected a number", id, v)
	}
	return v, true, nil
}

// text is the value of a key of type ASCII, "" where it is absent. Counts that run over the
// end of the tag are cut, as others do: files whose counts are off by some are about.
func (k *keys) text(id key) (string, error) {
	e, ok := k.entries[id]
	switch {
	case !ok:
		return "", nil
	case e.tag != inText:
		return "", fmt.Errorf("%v: value in tag %d, expected ASCII, in GeoAsciiParams (34737)", id, e.tag)
	case int(e.offset) > len(k.tags.Text):
		return "", fmt.Errorf("%v: text at %d of %d bytes in GeoAsciiParams (34737), expected it inside", id, e.offset, len(k.tags.Text))
	}
	s := k.tags.Text[e.offset:]
	s, _, _ = strings.Cut(s[:min(int(e.count), len(s))], "\x00")
	return strings.TrimSuffix(s, "|"), nil // what ends a text, requirement 6.3
}

// The ends of the EPSG register's codes, requirements 12.3 to 12.6 and alike for other keys.
const (
	firstCode   = 1024
	userDefined = 32767
)

// code is the value of a key that holds a code of the EPSG register; 0 stands for all
// that says nothing to who has no register: left out, user-defined and private codes.
func (k *keys) code(id key) (int, error) {
	v, err := k.short(id)
	switch {
	case err != nil:
		return 0, err
	case v > 0 && v < firstCode:
		return 0, fmt.Errorf("%v: %d, expected %d to %d, an EPSG code, or %d, user-defined", id, v, firstCode, userDefined-1, userDefined)
	case v >= userDefined:
		return 0, nil
	}
	return int(v), nil
}
