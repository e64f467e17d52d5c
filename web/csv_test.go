package web

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
)

// readBack reads a table as a spreadsheet would store it.
func readBack(t *testing.T, b []byte) [][]string {
	t.Helper()
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatalf("our own CSV cannot be read: %v\n%q", err, b)
	}
	return rows
}

func TestCSVDisarmsFormulasAndKeepsNumbers(t *testing.T) {
	t.Parallel()
	c := NewCSV("serial", "sats")
	evil := []string{
		`=HYPERLINK("http://x","y")`, "+1", "-2+3", "@SUM(A1)", "\t=1", "  =1", "\u00a0=1", "＝1", "|cmd", "%0A", "'quoted",
		"\r\n=1", "\n=cmd|' /C calc'!A0", "\ufeff=1",
	}
	for _, e := range evil {
		c.Row(e, int64(-5))
	}
	rows := readBack(t, c.Bytes())
	for i, e := range evil {
		cell := rows[i+1][0]
		if !strings.HasPrefix(cell, "'") {
			t.Errorf("%q is written as %q", e, cell)
		}
		if rows[i+1][1] != "-5" {
			t.Errorf("a number became %q", rows[i+1][1])
		}
	}
	if got := rows[0]; got[0] != "serial" || got[1] != "sats" {
		t.Errorf("header %v", got)
	}
}

// TestCSVWhereSemicolonsSeparate: such a spreadsheet cuts our lines at every
// semicolon; no piece of a text begins like a formula then.
func TestCSVWhereSemicolonsSeparate(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{"a;=1+1", "a; @x", "x;\t=1", "b\n=cmd", "c\t+1", ";-1", "a;'=1", "k;;=2;x;|y"} {
		c := NewCSV("serial", "shelf")
		c.Row("S1", evil)
		line := strings.SplitN(string(c.Bytes()), "\r\n", 2)[1]
		for _, piece := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(";\t\n", r) }) {
			if startsFormula(piece) && !strings.HasPrefix(piece, "'") {
				t.Errorf("%q leaves the piece %q", evil, piece)
			}
		}
		if got := CSVText(readBack(t, c.Bytes())[1][1]); got != evil {
			t.Errorf("%q came back as %q", evil, got)
		}
	}
}

// FuzzCSV: what went in comes out, and nothing that comes out of the file
// begins like a formula.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"", "a,b", `"`, "=1", "'=1", "''", "\r\n", "-", "x\ny", "＝", " \t@", "\x00=1", "a;=1", ";'=;=", "\n\t'-"} {
		f.Add(s, "z")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		c := NewCSV("a", "b")
		c.Row(a, b)
		rows := readBack(t, c.Bytes())
		if len(rows) != 2 || len(rows[1]) != 2 {
			t.Fatalf("rows %q", rows)
		}
		one := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "")
		for i, in := range []string{a, b} {
			cell := rows[1][i]
			if got, want := CSVText(cell), one.Replace(in); got != want {
				t.Errorf("%q came back as %q", want, got)
			}
			if startsFormula(cell) && !strings.HasPrefix(cell, "'") {
				t.Errorf("%q would be run", cell)
			}
		}
	})
}
