package sheet

import (
	"strings"

	"hashyard"
)

// Column names a column of a list of machines.
type Column int

// The columns that are understood.
const (
	Serial Column = iota
	MAC
	Model
	Shelf
	columns
)

// Columns finds where each column stands, by the header. A list without a
// header has serials in its first column; has says whether there was one.
func Columns(header []string) (at [columns]int, has bool, err error) {
	for i := range at {
		at[i] = -1
	}
	for i, cell := range header {
		name := strings.ToLower(strings.Join(strings.FieldsFunc(cell, func(r rune) bool { return r == ' ' || r == '_' || r == '-' || r == '.' }), ""))
		col := Column(-1)
		switch name {
		case "serial", "serialnumber", "serialno", "sn", "s/n":
			col = Serial
		case "mac", "macaddress":
			col = MAC
		case "model", "type":
			col = Model
		case "shelf", "location", "bin":
			col = Shelf
		default:
			continue
		}
		if at[col] >= 0 {
			return at, true, hashyard.Invalid.Errorf("two columns are headed like %q", cell)
		}
		at[col] = i
	}
	if at[Serial] >= 0 {
		return at, true, nil
	}
	for _, i := range at {
		if i >= 0 {
			return at, true, hashyard.Invalid.Errorf("no column is headed Serial")
		}
	}
	at[Serial] = 0
	return at, false, nil
}
