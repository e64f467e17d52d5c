package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"hashyard"
)

// book makes a real workbook and lets edit change it.
func book(t testing.TB, edit func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range [][]any{{"Serial", "MAC", "Model"}, {"SMTT0001", "02:00:00:00:00:01", "Antminer S19 100T"}, {"SMTT0002", "", ""}} {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	if edit != nil {
		edit(f)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// repack copies a workbook with more or other parts.
func repack(t testing.TB, file []byte, parts map[string]string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	put := func(name string, r io.Reader) {
		w, err := out.Create(name)
		if err == nil {
			_, err = io.Copy(w, r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range in.File {
		if _, ok := parts[p.Name]; ok {
			continue
		}
		r, err := p.Open()
		if err != nil {
			t.Fatal(err)
		}
		put(p.Name, r)
	}
	for name, body := range parts {
		put(name, strings.NewReader(body))
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadsWhatPeopleHave(t *testing.T) {
	t.Parallel()
	want := [][]string{{"Serial", "MAC", "Model"}, {"SMTT0001", "02:00:00:00:00:01", "Antminer S19 100T"}, {"SMTT0002"}}
	for name, file := range map[string][]byte{
		"xlsx":          book(t, nil),
		"csv":           []byte("\ufeffSerial,MAC,Model\r\nSMTT0001,02:00:00:00:00:01,Antminer S19 100T\r\nSMTT0002\r\n"),
		"semicolons":    []byte("Serial;MAC;Model\nSMTT0001;02:00:00:00:00:01;Antminer S19 100T\nSMTT0002\n"),
		"tabs":          []byte("Serial\tMAC\tModel\nSMTT0001\t02:00:00:00:00:01\tAntminer S19 100T\nSMTT0002\n"),
		"quoted fields": []byte("\"Serial\",MAC,Model\nSMTT0001,02:00:00:00:00:01,\"Antminer S19 100T\"\nSMTT0002\n"),
	} {
		got, err := Read(file, 100)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", name, d)
		}
	}
}

// TestRefusesBombs builds each hostile file for real and wants it refused
// quickly, by a message that names what is wrong.
func TestRefusesBombs(t *testing.T) {
	t.Parallel()
	plain := book(t, nil)
	zeros := "<worksheet>" + strings.Repeat(" ", 2<<20) + "</worksheet>"
	for _, c := range []struct {
		name, says string
		file       []byte
	}{
		{"a part that unpacks a thousandfold", "unpacks to too much", repack(t, plain, map[string]string{"xl/worksheets/sheet9.xml": zeros})},
		{"a part beyond the bound", "unpacks to too much", declared(t, "xl/media/a.bin", "x", maxPart+1)},
		{"many parts", "parts", repack(t, plain, manyParts())},
		{"an archive in the archive", "archive in the archive", repack(t, plain, map[string]string{"xl/media/inner.zip": string(plain)})},
		{"sizes that lie", "damaged", lyingSizes(t)},
		{"formulas", "formulas", book(t, func(f *excelize.File) { _ = f.SetCellFormula("Sheet1", "A3", `=WEBSERVICE("http://x")`) })},
		{"a link to another file", "links to other files", repack(t, plain, map[string]string{"xl/externalLinks/externalLink1.xml": "<externalLink/>"})},
		{"a relation that leaves the file", "links to other files", book(t, func(f *excelize.File) {
			_ = f.SetCellHyperLink("Sheet1", "A2", "http://169.254.169.254/", "External")
		})},
		{"macros", "macros", repack(t, plain, map[string]string{"xl/vbaProject.bin": "x"})},
		{"a document type", "document type", repack(t, plain, map[string]string{
			"xl/worksheets/sheet1.xml": `<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><worksheet>&c;</worksheet>`,
		})},
		{"a cell in the last row", "more than 100 rows", repack(t, plain, map[string]string{"xl/worksheets/sheet1.xml": `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1048576"><c r="A1048576" t="inlineStr"><is><t>SMTT9</t></is></c></row></sheetData></worksheet>`})},
		{"a cell in the last column", "columns", book(t, func(f *excelize.File) { _ = f.SetCellStr("Sheet1", "XFD2", "SMTT9") })},
		{"a path out of the file", "outside itself", repack(t, plain, map[string]string{"../../etc/passwd": "x"})},
		{"a damaged workbook", "damaged", plain[:len(plain)/2]},
		{"an old workbook", "old or encrypted", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1aaaa")},
		{"binary", "neither UTF-8", []byte{0xff, 0xfe, 0, 1}},
		{"too many rows", "more than 100 rows", []byte(strings.Repeat("SMTT0001\n", 101))},
		{"a wide row", "columns", []byte(strings.Repeat(",", 100))},
		{"a long cell", "characters", []byte(strings.Repeat("A", maxCell+1))},
		{"an open quote", "no CSV", []byte("Serial\n\"SMTT")},
		{"too large a file", "at most", bytes.Repeat([]byte("A"), MaxFile+1)},
		{"nothing", "empty", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, err := Read(c.file, 100)
			if !errors.Is(err, hashyard.Invalid) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("said %v, want a refusal with %q", err, c.says)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func manyParts() map[string]string {
	parts := map[string]string{}
	for i := range maxParts {
		parts[fmt.Sprintf("xl/media/%d.bin", i)] = "x"
	}
	return parts
}

// lyingSizes says a part is small and holds more.
func lyingSizes(t *testing.T) []byte {
	return declared(t, "xl/worksheets/sheet1.xml", "<worksheet>"+strings.Repeat("<a/>", 100)+"</worksheet>", 10)
}

// declared is an archive whose one part says how large it is.
func declared(t *testing.T, name, body string, size uint64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte(body)), CompressedSize64: uint64(len(body)), UncompressedSize64: size,
	})
	if err == nil {
		_, err = w.Write([]byte(body))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestColumns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header []string
		at     [columns]int
		has    bool
		bad    bool
	}{
		{[]string{"Model", "Serial No.", "MAC address", "bin"}, [columns]int{1, 2, 0, 3}, true, false},
		{[]string{"SMTT0001", "x"}, [columns]int{0, -1, -1, -1}, false, false},
		{[]string{"serial", "S/N"}, [columns]int{0, -1, -1, -1}, true, true},
		{[]string{"mac"}, [columns]int{-1, 0, -1, -1}, true, true},
	} {
		at, has, err := Columns(c.header)
		if at != c.at || has != c.has || (err != nil) != c.bad {
			t.Errorf("%v: %v %v %v", c.header, at, has, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("serial\nSMTT0001\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Add(book(f, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := Read(b, 50)
		if err != nil && !errors.Is(err, hashyard.Invalid) {
			t.Fatalf("a file that cannot be read is the sender's mistake, not ours: %v", err)
		}
		if len(rows) > 50 {
			t.Fatalf("%d rows", len(rows))
		}
	})
}
