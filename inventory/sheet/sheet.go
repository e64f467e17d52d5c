// Package sheet reads lists of machines out of the files people have: CSV and
// XLSX. It trusts nothing in them: sizes, counts and dimensions are bounded
// before anything is unpacked, and files that compute, link or embed are
// refused by name. It keeps no state.
package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"hashyard"
)

// Limits of what is read.
const (
	MaxFile     = 4 << 20  // bytes as sent
	maxUnpacked = 48 << 20 // bytes of all parts of a workbook
	maxPart     = 24 << 20 // bytes of one part
	maxParts    = 256
	maxRatio    = 200 // unpacked to packed, of parts that are not tiny
	maxColumns  = 64
	maxCell     = 512
)

// Read gives the rows of a CSV file or of a workbook's first sheet, at most
// maxRows with the header.
func Read(file []byte, maxRows int) ([][]string, error) {
	switch {
	case len(file) == 0:
		return nil, hashyard.Invalid.Errorf("the file is empty")
	case len(file) > MaxFile:
		return nil, hashyard.Invalid.Errorf("the file has %d bytes, at most %d are read", len(file), MaxFile)
	case bytes.HasPrefix(file, []byte("PK")):
		return workbook(file, maxRows)
	case bytes.HasPrefix(file, []byte("\xd0\xcf\x11\xe0")):
		return nil, hashyard.Invalid.Errorf("this is an old or encrypted workbook: save it as CSV or as XLSX without a password")
	}
	return table(file, maxRows)
}

func table(file []byte, maxRows int) ([][]string, error) {
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	if !utf8.Valid(file) || bytes.IndexByte(file, 0) >= 0 {
		return nil, hashyard.Invalid.Errorf("the file is neither UTF-8 text nor an XLSX workbook")
	}
	r := csv.NewReader(bytes.NewReader(file))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = delimiter(file), -1, true
	var rows [][]string
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, hashyard.Invalid.Errorf("the file is no CSV: %w", err)
		}
		if rows, err = add(rows, row, maxRows); err != nil {
			return nil, err
		}
	}
}

// delimiter is what separates the first line best.
func delimiter(file []byte) rune {
	line, _, _ := bytes.Cut(file, []byte("\n"))
	best, most := ',', bytes.Count(line, []byte(","))
	for _, d := range []rune{';', '\t'} {
		if n := bytes.Count(line, []byte(string(d))); n > most {
			best, most = d, n
		}
	}
	return best
}

func add(rows [][]string, row []string, maxRows int) ([][]string, error) {
	if len(rows) >= maxRows {
		return nil, hashyard.Invalid.Errorf("the list has more than %d rows", maxRows)
	}
	if len(row) > maxColumns {
		return nil, hashyard.Invalid.Errorf("row %d has %d columns, at most %d are read", len(rows)+1, len(row), maxColumns)
	}
	for _, cell := range row {
		if len(cell) > maxCell {
			return nil, hashyard.Invalid.Errorf("row %d has a cell of %d characters", len(rows)+1, len(cell))
		}
	}
	return append(rows, row), nil
}

func workbook(file []byte, maxRows int) ([][]string, error) {
	if err := inspect(file); err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(file), excelize.Options{
		UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxPart, RawCellValue: true,
	})
	if err != nil {
		return nil, hashyard.Invalid.Errorf("the workbook cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		return nil, hashyard.Invalid.Errorf("the workbook has no sheet")
	}
	it, err := f.Rows(sheets[0])
	if err != nil {
		return nil, hashyard.Invalid.Errorf("sheet %q cannot be read: %w", sheets[0], err)
	}
	defer func() { _ = it.Close() }()
	var rows [][]string
	for it.Next() {
		row, err := it.Columns()
		if err != nil {
			return nil, hashyard.Invalid.Errorf("sheet %q, row %d: %w", sheets[0], len(rows)+1, err)
		}
		if rows, err = add(rows, row, maxRows); err != nil {
			return nil, err
		}
	}
	if err := it.Error(); err != nil {
		return nil, hashyard.Invalid.Errorf("sheet %q cannot be read: %w", sheets[0], err)
	}
	return rows, nil
}

// inspect looks through the parts of a workbook, unpacking each within bounds,
// before the real reader sees it.
func inspect(file []byte) error {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return hashyard.Invalid.Errorf("the workbook is damaged: %w", err)
	}
	if len(z.File) > maxParts {
		return hashyard.Invalid.Errorf("the workbook has %d parts, at most %d are read", len(z.File), maxParts)
	}
	var total uint64
	for _, part := range z.File {
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(part.Name, "\\", "/"), "/"))
		if why := refusedPart(name); why != "" {
			return hashyard.Invalid.Errorf("the workbook has %s (%.60q): save it as values only, or as CSV", why, part.Name)
		}
		size := part.UncompressedSize64
		total += size
		packed := max(part.CompressedSize64, 1)
		if size > maxPart || total > maxUnpacked || (size > 1<<20 && size/packed > maxRatio) {
			return hashyard.Invalid.Errorf("the workbook unpacks to too much (%.60q: %d bytes of %d)", part.Name, size, packed)
		}
		if strings.HasSuffix(name, ".xml") || strings.HasSuffix(name, ".rels") {
			if err := inspectXML(part, strings.HasPrefix(name, "xl/worksheets/")); err != nil {
				return err
			}
		}
	}
	return nil
}

// refusedPart says what a part is that a list of machines has no need of.
func refusedPart(name string) string {
	switch {
	case strings.Contains(name, "externallink"):
		return "links to other files"
	case strings.Contains(name, "vbaproject") || strings.Contains(name, "macrosheet"):
		return "macros"
	case strings.Contains(name, "embedding") || strings.Contains(name, "activex") || strings.Contains(name, "oleobject"):
		return "embedded objects"
	case strings.Contains(name, "connections") || strings.Contains(name, "querytable"):
		return "data connections"
	case strings.HasSuffix(name, ".zip") || strings.HasSuffix(name, ".xlsx") || strings.HasSuffix(name, ".gz"):
		return "an archive in the archive"
	case strings.Contains(name, "../"):
		return "a part outside itself"
	}
	return ""
}

// inspectXML reads one part as XML: no document types, no relations that leave
// the file and, in a sheet, no formulas.
func inspectXML(part *zip.File, isSheet bool) error {
	r, err := part.Open()
	if err != nil {
		return hashyard.Invalid.Errorf("part %.60q is damaged: %w", part.Name, err)
	}
	defer func() { _ = r.Close() }()
	d := xml.NewDecoder(io.LimitReader(r, maxPart+1))
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return hashyard.Invalid.Errorf("part %.60q is damaged: %w", part.Name, err)
		}
		switch v := tok.(type) {
		case xml.Directive:
			return hashyard.Invalid.Errorf("part %.60q defines a document type", part.Name)
		case xml.StartElement:
			if err := inspectElement(v, isSheet); err != nil {
				return err
			}
		}
	}
}

func inspectElement(v xml.StartElement, isSheet bool) error {
	if isSheet && v.Name.Local == "f" {
		return hashyard.Invalid.Errorf("the sheet has formulas: paste it as values, then save it again")
	}
	if v.Name.Local != "Relationship" {
		return nil
	}
	for _, a := range v.Attr {
		if a.Name.Local == "TargetMode" && strings.EqualFold(a.Value, "external") {
			return hashyard.Invalid.Errorf("the workbook has links to other files: remove them, then save it again")
		}
	}
	return nil
}
