package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"hashyard"
)

// CSV is a table on its way into a file. Every file of the yard is written
// here: texts that a spreadsheet could take for a formula get an apostrophe in
// front, numbers do not, and CSVText takes it off again.
type CSV struct {
	buf bytes.Buffer
	w   *csv.Writer
}

// NewCSV begins a table with its header.
func NewCSV(header ...string) *CSV {
	c := &CSV{}
	c.w = csv.NewWriter(&c.buf)
	c.w.UseCRLF = true // RFC 4180
	cells := make([]any, len(header))
	for i, h := range header {
		cells[i] = h
	}
	c.Row(cells...)
	return c
}

// Row adds a row. Cells are integers of any of our kinds, floats, instants, ids or
// texts; everything that is not a number is made safe.
func (c *CSV) Row(cells ...any) {
	out := make([]string, len(cells))
	for i, cell := range cells {
		switch v := cell.(type) {
		case string:
			out[i] = safeCell(v)
		case time.Time:
			if !v.IsZero() {
				out[i] = v.UTC().Format(time.RFC3339)
			}
		case int:
			out[i] = strconv.Itoa(v)
		case int64:
			out[i] = strconv.FormatInt(v, 10)
		case float64:
			out[i] = strconv.FormatFloat(v, 'f', -1, 64)
		case hashyard.Sats:
			out[i] = strconv.FormatInt(int64(v), 10)
		case hashyard.ID:
			if !v.IsZero() {
				out[i] = v.String()
			}
		default:
			out[i] = safeCell(fmt.Sprint(v))
		}
	}
	_ = c.w.Write(out) // into memory
}

// Bytes ends the table. It begins with a byte order mark, without which
// spreadsheets read UTF-8 as something else.
func (c *CSV) Bytes() []byte {
	c.w.Flush()
	return append([]byte("\ufeff"), c.buf.Bytes()...)
}

// safeCell keeps a text from being run: formulas begin with these signs, also
// full-width ones and behind blanks. Line ends become one kind, because the
// format cannot tell them apart.
//
// A spreadsheet of a country that separates columns by semicolons cuts the line
// there, whatever quotes say: what stands behind a separator is made safe too.
func safeCell(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "").Replace(s)
	var b strings.Builder
	for i := range len(s) {
		if beginsCell(s, i) && startsFormula(s[i:]) {
			b.WriteByte('\'')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// beginsCell reports whether some spreadsheet takes s[i:] for a cell's text.
func beginsCell(s string, i int) bool { return i == 0 || strings.IndexByte(";\t\n", s[i-1]) >= 0 }

func startsFormula(s string) bool {
	t := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\ufeff' })
	for _, sign := range []string{"=", "+", "-", "@", "|", "%", "'", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(t, sign) {
			return true
		}
	}
	return strings.HasPrefix(s, "\t") || strings.HasPrefix(s, "\n")
}

// CSVText is a cell as it was before Row made it safe.
func CSVText(cell string) string {
	var b strings.Builder
	for i := range len(cell) {
		if cell[i] == '\'' && beginsCell(cell, i) && startsFormula(cell[i+1:]) {
			continue
		}
		b.WriteByte(cell[i])
	}
	return b.String()
}

// File is a route's answer that people keep as a file.
type File struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// Answers documents a route whose answer is a file.
func Answers(op huma.Operation, contentType string) huma.Operation {
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The file.",
		Content:     map[string]*huma.MediaType{contentType: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	return op
}

// CSVFile answers with the table under a file name.
func CSVFile(name string, c *CSV) *File {
	return &File{ContentType: "text/csv; charset=utf-8", Disposition: attachment(name + ".csv"), Body: c.Bytes()}
}

// PDFFile answers with a document under a file name.
func PDFFile(name string, doc []byte) *File {
	return &File{ContentType: "application/pdf", Disposition: attachment(name + ".pdf"), Body: doc}
}

// attachment names a file by letters that need no quoting.
func attachment(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r)) {
			return r
		}
		return '-'
	}, name)
	return `attachment; filename="` + name + `"`
}
