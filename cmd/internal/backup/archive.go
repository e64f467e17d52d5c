package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"hashyard"
)

// format is the archive's own version: a reader refuses a higher one.
const format = 1

const (
	headName     = "head.json"
	manifestName = "manifest.json"
	tablePrefix  = "tables/"
	filePrefix   = "files/"
)

// Bounds of what is unpacked, whatever an archive claims.
const (
	chunkBytes  = 1 << 20 // of one tar entry
	headBytes   = 4 << 20 // of head and manifest
	headerBytes = 512     // of a tar entry without its bytes
	maxParts    = 1 << 20
	zstdMemory  = 64 << 20
	defaultSize = int64(1) << 40
)

// Head is the archive's first entry.
type Head struct {
	Format     int       `json:"hashyard_backup"`
	ID         string    `json:"id"`
	Program    string    `json:"program"`
	TakenAt    time.Time `json:"taken_at"` // the database's clock, when the snapshot was taken
	Postgres   int       `json:"postgres"` // server_version_num
	Migrations []int64   `json:"migrations"`
	Tables     []Table   `json:"tables"`
	Sets       []string  `json:"sets,omitempty"`
	Keys       bool      `json:"keys,omitempty"` // holds key material
}

// Table is the shape of one table.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

// Column is a column that COPY writes; generated ones are not.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Manifest is the archive's last entry.
type Manifest struct {
	ID        string     `json:"id"`
	Sequences []Sequence `json:"sequences"`
	Parts     []Part     `json:"parts"`
}

// Sequence is where a sequence stands.
type Sequence struct {
	Name   string `json:"name"`
	Last   int64  `json:"last"`
	Called bool   `json:"called"`
}

// Part is one table or file.
type Part struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	Rows   int64  `json:"rows,omitempty"`
	SHA256 string `json:"sha256"`
	Mode   uint32 `json:"mode,omitempty"` // of a file
}

// writer writes an archive.
type writer struct {
	tar      *tar.Writer
	layers   []io.Closer // innermost first
	manifest Manifest
	at       time.Time
}

// newWriter begins an archive. keys may be empty: then it is not encrypted.
func newWriter(w io.Writer, keys []age.Recipient, head Head) (*writer, error) {
	a := &writer{manifest: Manifest{ID: head.ID}, at: head.TakenAt}
	if len(keys) > 0 {
		sealed, err := age.Encrypt(w, keys...)
		if err != nil {
			return nil, hashyard.Invalid.Errorf("backup key: %w", err)
		}
		a.layers = append(a.layers, sealed)
		w = sealed
	}
	z, err := zstd.NewWriter(w, zstd.WithWindowSize(4<<20))
	if err != nil {
		return nil, err
	}
	a.layers = append([]io.Closer{z}, a.layers...)
	a.tar = tar.NewWriter(z)
	return a, a.json(headName, head)
}

func (a *writer) json(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return a.entry(name, b)
}

func (a *writer) entry(name string, b []byte) error {
	h := &tar.Header{Name: name, Mode: 0o600, Size: int64(len(b)), ModTime: a.at, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
	if err := a.tar.WriteHeader(h); err != nil {
		return err
	}
	_, err := a.tar.Write(b)
	return err
}

// part writes one part; fill writes its bytes and says how many rows they are.
func (a *writer) part(name string, mode fs.FileMode, fill func(io.Writer) (rows int64, err error)) error {
	p := &partWriter{archive: a, name: name, sum: sha256.New()}
	rows, err := fill(p)
	if err == nil {
		err = p.flush(true)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	a.manifest.Parts = append(a.manifest.Parts, Part{
		Name: name, Bytes: p.bytes, Rows: rows, SHA256: hex.EncodeToString(p.sum.Sum(nil)), Mode: uint32(mode.Perm()),
	})
	return nil
}

// close writes the manifest and ends every layer.
func (a *writer) close() error {
	err := a.json(manifestName, a.manifest)
	if err == nil {
		err = a.tar.Close()
	}
	for _, l := range a.layers {
		err = errors.Join(err, l.Close())
	}
	return err
}

// partWriter cuts a part into entries, so that its size need not be known
// before and no entry is large.
type partWriter struct {
	archive *writer
	name    string
	buf     bytes.Buffer
	sum     hash.Hash
	bytes   int64
	wrote   bool
}

func (p *partWriter) Write(b []byte) (int, error) {
	n := len(b)
	p.sum.Write(b)
	p.bytes += int64(n)
	for len(b) > 0 {
		take := min(len(b), chunkBytes-p.buf.Len())
		p.buf.Write(b[:take])
		b = b[take:]
		if p.buf.Len() == chunkBytes {
			if err := p.flush(false); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// flush writes what is buffered; an empty part gets one empty entry.
func (p *partWriter) flush(end bool) error {
	if p.buf.Len() == 0 && (!end || p.wrote) {
		return nil
	}
	p.wrote = true
	err := p.archive.entry(p.name, p.buf.Bytes())
	p.buf.Reset()
	return err
}

// reader reads an archive once, front to back.
type reader struct {
	Head   Head
	tar    *tar.Reader
	under  io.Reader // below the compression: its end proves that nothing is cut off
	z      *zstd.Decoder
	next   *tar.Header // of the entry that ended the last part
	left   int64       // bytes that may still be unpacked
	parts  int
	seen   map[string]bool
	Sealed bool
}

// damaged is what anything wrong inside an archive is called.
func damaged(err error) error {
	return hashyard.Invalid.Errorf("the archive is damaged or was cut off: %w", err)
}

// newReader opens an archive and reads its head.
func newReader(r io.Reader, keys []age.Identity, limit int64) (*reader, error) {
	under, sealed, err := unseal(r, keys)
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(under, zstd.WithDecoderMaxMemory(zstdMemory), zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = defaultSize
	}
	a := &reader{under: under, z: z, tar: tar.NewReader(z), left: limit, seen: map[string]bool{}, Sealed: sealed}
	if err := a.head(); err != nil {
		z.Close()
		return nil, err
	}
	return a, nil
}

func (a *reader) close() { a.z.Close() }

func (a *reader) head() error {
	h, err := a.step()
	if err != nil {
		return err
	}
	if h == nil || h.Name != headName {
		return hashyard.Invalid.Errorf("this is not a hashyard backup: it does not begin with %s", headName)
	}
	if err := a.readJSON(&a.Head); err != nil {
		return err
	}
	switch {
	case a.Head.Format <= 0 || a.Head.ID == "":
		return hashyard.Invalid.Errorf("this is not a hashyard backup: its head says nothing")
	case len(a.Head.ID) > 64 || strings.Trim(a.Head.ID, "0123456789abcdefghijklmnopqrstuvwxyz-") != "":
		return hashyard.Invalid.Errorf("this is not a hashyard backup: %.80q is no id of one", a.Head.ID)
	case a.Head.Format > format:
		return hashyard.Conflict.Errorf("the archive has format %d, this program reads up to %d: restore it with the program that made it (%s) or a newer one", a.Head.Format, format, a.Head.Program)
	}
	return nil
}

// step goes to the next entry; nil is the end of the tar.
func (a *reader) step() (*tar.Header, error) {
	if h := a.next; h != nil {
		a.next = nil
		return h, nil
	}
	h, err := a.tar.Next()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, damaged(err)
	}
	if h.Typeflag != tar.TypeReg || !fs.ValidPath(h.Name) || strings.ContainsAny(h.Name, "\\\x00") {
		return nil, hashyard.Invalid.Errorf("the archive holds %.100q, which is no plain file inside it", h.Name)
	}
	if limit := int64(headBytes); h.Size > limit || (h.Name != headName && h.Name != manifestName && h.Size > chunkBytes) {
		return nil, hashyard.Invalid.Errorf("the archive's entry %.100q claims %d bytes", h.Name, h.Size)
	}
	// An entry's header counts too: empty ones without end are a bomb as well.
	if a.left -= h.Size + headerBytes; a.left < 0 {
		return nil, hashyard.Exhausted.Errorf("the archive unpacks to more than was allowed (--max-size)")
	}
	return h, nil
}

func (a *reader) readJSON(v any) error {
	b, err := io.ReadAll(io.LimitReader(a.tar, headBytes))
	if err != nil {
		return damaged(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return damaged(err)
	}
	return nil
}

// each hands over every part with its bytes, then compares all with the
// manifest, which it returns.
func (a *reader) each(fn func(name string, body io.Reader) error) (Manifest, error) {
	var got []Part
	for {
		h, err := a.step()
		if err != nil {
			return Manifest{}, err
		}
		if h == nil {
			return Manifest{}, damaged(hashyard.Invalid.Errorf("it ends without a manifest"))
		}
		if h.Name == manifestName {
			return a.finish(got)
		}
		if a.parts++; a.parts > maxParts || a.seen[h.Name] {
			return Manifest{}, hashyard.Invalid.Errorf("the archive holds %.100q twice, or too many parts", h.Name)
		}
		a.seen[h.Name] = true
		body := &partReader{archive: a, name: h.Name, sum: sha256.New()}
		if err := fn(h.Name, body); err != nil {
			return Manifest{}, err
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			return Manifest{}, err
		}
		got = append(got, Part{Name: h.Name, Bytes: body.bytes, SHA256: hex.EncodeToString(body.sum.Sum(nil))})
	}
}

// finish reads the manifest, compares, and goes to the very end.
func (a *reader) finish(got []Part) (Manifest, error) {
	var m Manifest
	if err := a.readJSON(&m); err != nil {
		return m, err
	}
	if h, err := a.step(); err != nil || h != nil {
		return m, damaged(errors.Join(err, hashyard.Invalid.Errorf("it goes on after its manifest")))
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(a.z, 1<<20)); err != nil {
		return m, damaged(err)
	}
	if n, err := a.under.Read(make([]byte, 1)); n != 0 || (err != nil && !errors.Is(err, io.EOF)) {
		return m, damaged(hashyard.Invalid.Errorf("it goes on after its end"))
	}
	if m.ID != a.Head.ID {
		return m, damaged(hashyard.Invalid.Errorf("its manifest is of another archive"))
	}
	same := func(x, y Part) bool { return x.Name == y.Name && x.Bytes == y.Bytes && x.SHA256 == y.SHA256 }
	if !slices.EqualFunc(m.Parts, got, same) {
		return m, damaged(hashyard.Invalid.Errorf("%s", differs(m.Parts, got)))
	}
	return m, nil
}

// differs names the first part that is not as the manifest says.
func differs(want, got []Part) string {
	for i, w := range want {
		switch {
		case i >= len(got):
			return "part " + w.Name + " is missing"
		case got[i].Name != w.Name:
			return fmt.Sprintf("part %.100q stands where %.100q should", got[i].Name, w.Name)
		case got[i].SHA256 != w.SHA256:
			return fmt.Sprintf("part %s has %d bytes with hash %.12s…, its manifest says %d with %.12s…", w.Name, got[i].Bytes, got[i].SHA256, w.Bytes, w.SHA256)
		}
	}
	return "it holds parts that its manifest does not name"
}

// partReader joins the entries of one part.
type partReader struct {
	archive *reader
	name    string
	sum     hash.Hash
	bytes   int64
	done    bool
}

func (p *partReader) Read(b []byte) (int, error) {
	for !p.done {
		n, err := p.archive.tar.Read(b)
		p.sum.Write(b[:n])
		p.bytes += int64(n)
		if n > 0 {
			return n, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, damaged(err)
		}
		if len(b) == 0 {
			return 0, nil
		}
		h, err := p.archive.step()
		if err != nil {
			return 0, err
		}
		if h == nil || h.Name != p.name {
			p.archive.next, p.done = h, true
		}
	}
	return 0, io.EOF
}
