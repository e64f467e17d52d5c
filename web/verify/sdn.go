package verify

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"hashyard"
)

// Entry is one listed person, company, vessel or aircraft.
type Entry struct {
	EntNum  int64  `json:"ent_num"`
	Name    string `json:"name"`
	Kind    string `json:"kind,omitempty"`
	Program string `json:"program,omitempty"`
	Remarks string `json:"remarks,omitempty"`
}

// Bounds of a list: OFAC's has some 18,000 entries in 5 MB.
const (
	MaxListBytes = 32 << 20
	maxEntries   = 200_000
	maxField     = 8 << 10
)

// columns of sdn.csv: ent_num, SDN_Name, SDN_Type, Program, Title, Call_Sign,
// Vess_type, Tonnage, GRT, Vess_flag, Vess_owner, Remarks; no head line.
const columns = 12

// ParseSDN reads a list in the format of OFAC's sdn.csv: "-0-" is nothing, and
// the file ends with a control-Z, which old tools put there. Text that is not
// UTF-8 is read as Windows-1252. A list with nobody on it is refused: it would
// clear everybody.
func ParseSDN(r io.Reader) ([]Entry, error) {
	limited := &io.LimitedReader{R: r, N: MaxListBytes + 1}
	cr := csv.NewReader(bufio.NewReader(limited))
	cr.FieldsPerRecord, cr.ReuseRecord, cr.LazyQuotes = -1, true, true
	var out []Entry
	seen := map[int64]bool{}
	for {
		rec, err := cr.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, hashyard.Invalid.Errorf("sanctions list: %w", err)
		}
		if limited.N <= 0 {
			return nil, hashyard.Invalid.Errorf("sanctions list: larger than %d MiB", MaxListBytes>>20)
		}
		if len(rec) == 1 && strings.Trim(rec[0], "\x1a \t\r\n") == "" {
			continue
		}
		line, _ := cr.FieldPos(0)
		e, err := entry(rec)
		if err != nil {
			return nil, fmt.Errorf("sanctions list, line %d: %w", line, err)
		}
		if seen[e.EntNum] {
			return nil, hashyard.Invalid.Errorf("sanctions list, line %d: entry %d is there twice", line, e.EntNum)
		}
		seen[e.EntNum] = true
		if out = append(out, e); len(out) > maxEntries {
			return nil, hashyard.Invalid.Errorf("sanctions list: more than %d entries", maxEntries)
		}
	}
	if len(out) == 0 {
		return nil, hashyard.Invalid.Errorf("sanctions list: no entries; this is no sdn.csv")
	}
	return out, nil
}

func entry(rec []string) (Entry, error) {
	if len(rec) != columns {
		return Entry{}, hashyard.Invalid.Errorf("%d columns, not %d as in sdn.csv", len(rec), columns)
	}
	f := make([]string, len(rec))
	for i, s := range rec {
		if len(s) > maxField {
			return Entry{}, hashyard.Invalid.Errorf("column %d is longer than %d bytes", i+1, maxField)
		}
		f[i] = field(s)
	}
	n, err := strconv.ParseInt(f[0], 10, 64)
	if err != nil || n <= 0 {
		return Entry{}, hashyard.Invalid.Errorf("entry number %.20q", f[0])
	}
	if len(Fold(f[1]).tokens) == 0 {
		return Entry{}, hashyard.Invalid.Errorf("entry %d has no name", n)
	}
	return Entry{EntNum: n, Name: f[1], Kind: f[2], Program: f[3], Remarks: f[11]}, nil
}

// field is the text of a column.
func field(s string) string {
	if !utf8.ValidString(s) {
		if t, err := charmap.Windows1252.NewDecoder().String(s); err == nil {
			s = t
		}
	}
	s = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", ""))
	if s == "-0-" {
		return ""
	}
	return s
}
