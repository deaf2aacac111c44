package raster

import (
	"fmt"
	"slices"
	"strings"
)

// String is the name of the Go type.
func (t Type) String() string {
	if !t.Valid() {
		return fmt.Sprintf("type %d", uint8(t))
	}
	return types[t].name
}

// MarshalText implements encoding.TextMarshaler: it gives what String does of a valid type.
func (t Type) MarshalText() ([]byte, error) {
	if !t.Valid() {
		return nil, fmt.Errorf("sample %v, expected %v to %v", t, Uint8, Float64)
	}
	return []byte(t.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler, the inverse of MarshalText.
func (t *Type) UnmarshalText(text []byte) error {
	for v := Uint8; v <= Float64; v++ {
		if v.String() == string(text) {
			*t = v
			return nil
		}
	}
	return fmt.Errorf("type %q, expected one from %v to %v", text, Uint8, Float64)
}

// String is the role's name in English.
func (r Role) String() string {
	if !r.Valid() {
		return fmt.Sprintf("role %d", uint8(r))
	}
	return roles[r]
}

// MarshalText implements encoding.TextMarshaler: it gives what String does of a valid role.
func (r Role) MarshalText() ([]byte, error) {
	if !r.Valid() {
		return nil, fmt.Errorf("%v, expected one from %v to %v", r, Data, Label)
	}
	return []byte(r.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler, the inverse of MarshalText.
func (r *Role) UnmarshalText(text []byte) error {
	i := slices.Index(roles[:], string(text))
	if i < 0 {
		return fmt.Errorf("role %q, expected one of %s", text, strings.Join(roles[:], ", "))
	}
	*r = Role(i)
	return nil
}
