package geo

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is the kind of a CRS, GTModelTypeGeoKey (7.2.2).
type Kind uint8

// Unknown stands for a CRS that is user-defined as a whole, too.
const (
	Unknown Kind = iota
	Projected
	Geographic
	Geocentric
)

func (k Kind) String() string {
	return [...]string{"unknown", "projected", "geographic", "geocentric"}[k]
}

// CRS is the horizontal coordinate reference system.
type CRS struct {
	Kind Kind
	// EPSG is the code in the EPSG register, 0 where the CRS is not from there.
	EPSG int
	// Name is the register's name, where this package has it, else what the file says,
	// else "EPSG:" and the code, else "". It is at most maxName bytes that can be printed.
	Name string
	Unit Unit
	// elsewhere says that longitudes do not count from Greenwich.
	elsewhere bool
}

// String is the name with the code, or with the kind, as WGS 84 / UTM zone 33N (EPSG:32633).
func (c *CRS) String() string {
	code := fmt.Sprintf("EPSG:%d", c.EPSG)
	switch {
	case c.EPSG != 0 && c.Name == code:
		return code
	case c.EPSG != 0:
		return fmt.Sprintf("%s (%s)", c.Name, code)
	case c.Kind == Unknown && c.Name == "":
		return "unknown CRS"
	case c.Kind == Unknown:
		return c.Name + " (CRS of unknown kind)"
	case c.Name == "":
		return fmt.Sprintf("user-defined %v CRS", c.Kind)
	}
	return fmt.Sprintf("%s (user-defined %v CRS)", c.Name, c.Kind)
}

// Unit is the unit of coordinates.
type Unit struct {
	Name string  // "" where it is not known
	Size float64 // in metres, of geographic coordinates in radians; 0 where it is not known
}

// Codes of units in the EPSG register.
const (
	metre  = 9001
	degree = 9102
)

// units are what the EPSG register has and rasters use, lengths in metres and angles in
// radians.
var units = map[int]Unit{
	metre:  {"metre", 1},
	9002:   {"foot", 0.3048},
	9003:   {"US survey foot", 1200.0 / 3937},
	9005:   {"Clarke's foot", 0.3047972654},
	9036:   {"kilometre", 1000},
	9101:   {"radian", 1},
	degree: {"degree", radians},
	9103:   {"arc-minute", radians / 60},
	9104:   {"arc-second", radians / 3600},
	9105:   {"grad", 0.9 * radians},
	9106:   {"gon", 0.9 * radians},
	9122:   {"degree", radians}, // however it is written
}

// described are the keys that describe a kind of CRS.
type described struct {
	code, units, size key
	citations         []key // the likeliest to name it first
	unit              int   // of the CRSs that known has
}

var descriptions = [...]described{
	Unknown:    {citations: []key{keyCitation}},
	Projected:  {keyProjectedCRS, keyProjLinearUnits, keyProjLinearSize, []key{keyProjectedCitation, keyCitation}, metre},
	Geographic: {keyGeodeticCRS, keyGeogAngularUnits, keyGeogAngularSize, []key{keyGeodeticCitation, keyCitation}, degree},
	Geocentric: {keyGeodeticCRS, keyGeogLinearUnits, keyGeogLinearSize, []key{keyGeodeticCitation, keyCitation}, metre},
}

// crs reads what the keys say of the CRS.
func (k *keys) crs() (c CRS, err error) {
	if c.Kind, err = k.kind(); err != nil {
		return c, err
	}
	d := &descriptions[c.Kind]
	if c.Kind != Unknown {
		if c.EPSG, err = k.code(d.code); err != nil {
			return c, err
		}
		if c.Unit, err = k.unit(d, c.EPSG); err != nil {
			return c, err
		}
	}
	if c.Kind == Geographic {
		if c.elsewhere, err = k.elsewhere(c.EPSG); err != nil {
			return c, err
		}
	}
	c.Name, err = k.name(d, c.EPSG)
	return c, err
}

// kind reads GTModelTypeGeoKey, requirements 8.4 to 8.6.
func (k *keys) kind() (Kind, error) {
	v, err := k.short(keyModelType)
	switch {
	case err != nil:
		return Unknown, err
	case v <= uint16(Geocentric):
		return Kind(v), nil
	case v >= userDefined:
		return Unknown, nil
	}
	return Unknown, fmt.Errorf("%v: %d, expected 1 (projected), 2 (geographic), 3 (geocentric), 0 or %d (unknown)", keyModelType, v, userDefined)
}

// unit reads the unit of a CRS, 7.5.1 and 7.5.2.
func (k *keys) unit(d *described, epsg int) (Unit, error) {
	v, err := k.short(d.units)
	if err != nil {
		return Unit{}, err
	}
	if v == userDefined {
		size, ok, err := k.double(d.size)
		if err == nil && (!ok || size <= 0) {
			err = fmt.Errorf("%v: %v, expected the size of a user-defined unit, above 0", d.size, size)
		}
		return Unit{"user-defined unit", size}, err
	}
	code, err := k.code(d.units)
	if err != nil {
		return Unit{}, err
	}
	if code == 0 && (known(epsg) != "" || d.unit == degree && epsg != 0 && !notGreenwich(epsg)) {
		code = d.unit // all in the register but some of notGreenwich count in degrees
	}
	u, ok := units[code]
	if !ok && code != 0 {
		u.Name = fmt.Sprintf("EPSG:%d", code)
	}
	return u, nil
}

// elsewhere tells whether longitudes count from another meridian than Greenwich, 7.5.3.2
// and 7.5.3.3.
func (k *keys) elsewhere(epsg int) (bool, error) {
	const greenwich = 8901
	meridian, err := k.short(keyPrimeMeridian)
	if err != nil {
		return false, err
	}
	longitude, _, err := k.double(keyMeridianLongitude)
	if err != nil {
		return false, err
	}
	stated := meridian != 0 && meridian != greenwich && meridian != userDefined
	return stated || longitude != 0 || notGreenwich(epsg), nil
}

// notGreenwich tells whether a geographic CRS of the EPSG register, as of 2022, has another
// prime meridian. None that counts in grads has Greenwich.
func notGreenwich(epsg int) bool {
	return epsg >= 4801 && epsg <= 4821 || epsg >= 4901 && epsg <= 4904 || epsg == 5229 || epsg == 8042 || epsg == 8043
}

// maxName is the most bytes of a name.
const maxName = 120

// name is what a CRS is called. The register's name comes first: the code says what the CRS
// is, citations are free text (7.4.5).
func (k *keys) name(d *described, epsg int) (string, error) {
	if name := known(epsg); name != "" {
		return name, nil
	}
	for _, id := range d.citations {
		text, err := k.text(id)
		if err != nil {
			return "", err
		}
		if name := citedName(text); name != "" {
			return name, nil
		}
	}
	if epsg != 0 {
		return fmt.Sprintf("EPSG:%d", epsg), nil
	}
	return "", nil
}

// citedName is the name in a citation: what stands behind "PCS Name = " or "GCS Name = ",
// as ESRI and GDAL have it in texts of several parts, else the first part, unless it is a
// whole definition or an advertisement.
func citedName(text string) string {
	for _, junk := range []string{"ESRI PE String", "IMAGINE GeoTIFF Support"} {
		if strings.HasPrefix(text, junk) {
			return ""
		}
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '|' || r == '\n' || r == '\r' })
	if len(parts) == 0 {
		return ""
	}
	name := parts[0]
	for _, p := range parts {
		label, value, ok := strings.Cut(p, "=")
		if label = strings.TrimSpace(label); ok && (label == "PCS Name" || label == "GCS Name") {
			name = value
			break
		}
	}
	return printable(name)
}

// printable is a text without what a terminal would obey, cut to maxName bytes.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.TrimSpace(s))
	for len(s) > maxName {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}
