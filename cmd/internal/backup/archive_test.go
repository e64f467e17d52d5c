package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"hashyard"
	"hashyard/migrations/testdb"
)

// entry is one entry of a forged tar.
type entry struct {
	name string
	body string
	kind byte
}

// forge makes an archive out of any entries.
func forge(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Size: int64(len(e.body)), Mode: 0o600, Typeflag: tar.TypeReg}
		if e.kind != 0 {
			h.Typeflag, h.Size, h.Linkname = e.kind, 0, "/etc/passwd"
			e.body = ""
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func headOf(t testing.TB, change func(*Head)) entry {
	t.Helper()
	h := Head{Format: format, ID: "x", Program: "test", TakenAt: time.Unix(0, 0), Sets: []string{"serve"}}
	if change != nil {
		change(&h)
	}
	b, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	return entry{name: headName, body: string(b)}
}

func verify(t testing.TB, b []byte, keys ...age.Identity) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := Verify(path, keys, 0)
	return err
}

func TestWhatIsNoArchiveOfOursIsRefused(t *testing.T) {
	t.Parallel()
	head := headOf(t, nil)
	end := entry{name: manifestName, body: `{"id":"x","parts":[]}`}
	if err := verify(t, forge(t, head, end)); err != nil {
		t.Fatalf("a sound one: %v", err)
	}
	for name, tt := range map[string]struct {
		b    []byte
		says string
	}{
		"nothing":                {nil, "not a hashyard backup"},
		"some text":              {[]byte(strings.Repeat("text ", 100)), "not a hashyard backup"},
		"somebody else's tar":    {forge(t, entry{name: "README", body: "hello"}), "does not begin with"},
		"an empty tar":           {forge(t), "does not begin with"},
		"no manifest":            {forge(t, head), "cut off"},
		"a manifest of another":  {forge(t, head, entry{name: manifestName, body: `{"id":"y"}`}), "another archive"},
		"more after the end":     {forge(t, head, end, entry{name: "files/serve/a", body: "x"}), "goes on"},
		"bytes after the end":    {append(forge(t, head, end), 0), "damaged"},
		"a part not named":       {forge(t, head, entry{name: "files/serve/a", body: "x"}, end), "does not name"},
		"a part missing":         {forge(t, head, entry{name: manifestName, body: `{"id":"x","parts":[{"name":"tables/t"}]}`}), "missing"},
		"a set not named":        {forge(t, head, entry{name: "files/etc/a"}, end), "does not name"},
		"neither table nor file": {forge(t, head, entry{name: "other/a/b"}, end), "does not name"},
		"the same part twice":    {forge(t, head, entry{name: "files/serve/a"}, entry{name: "files/serve/b"}, entry{name: "files/serve/a"}, end), "twice"},
		"a way out":              {forge(t, head, entry{name: "files/serve/../../../etc/cron.d/x"}, end), "no plain file inside"},
		"an absolute path":       {forge(t, head, entry{name: "/etc/cron.d/x"}, end), "no plain file inside"},
		"a backslash":            {forge(t, head, entry{name: `files/serve/..\x`}, end), "no plain file inside"},
		"a symbolic link":        {forge(t, head, entry{name: "files/serve/a", kind: tar.TypeSymlink}, end), "no plain file inside"},
		"a device":               {forge(t, head, entry{name: "files/serve/a", kind: tar.TypeChar}, end), "no plain file inside"},
		"a large entry":          {forge(t, head, entry{name: "files/serve/a", body: strings.Repeat("0", chunkBytes+1)}, end), "claims"},
		"SQL for an id":          {forge(t, headOf(t, func(h *Head) { h.ID = "x'; COPY orgs TO PROGRAM 'id'; --" }), end), "no id of one"},
		"a newer format":         {forge(t, headOf(t, func(h *Head) { h.Format = format + 1 }), end), "newer one"},
		"a head that is no JSON": {forge(t, entry{name: headName, body: "{"}, end), "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := verify(t, tt.b); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("said %v, want something with %q", err, tt.says)
			}
		})
	}
}

// TestEmptyEntriesAreCounted: entries of no bytes cost time all the same, and
// compress to nothing.
func TestEmptyEntriesAreCounted(t *testing.T) {
	t.Parallel()
	entries := []entry{headOf(t, nil)}
	for range 200 {
		entries = append(entries, entry{name: "files/serve/a"})
	}
	a, err := newReader(bytes.NewReader(forge(t, entries...)), nil, 64<<10)
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	if _, err := a.each(func(string, io.Reader) error { return nil }); !errors.Is(err, hashyard.Exhausted) {
		t.Errorf("100 KiB of empty entries within 64 KiB: %v", err)
	}
}

func TestLiteral(t *testing.T) {
	t.Parallel()
	if got := literal("it's\x00 x\\"); got != `'it''s x\'` {
		t.Errorf("got %s", got)
	}
}

// small is a sound archive with some of everything, sealed or not.
func small(t testing.TB, keys ...age.Recipient) []byte {
	t.Helper()
	var b bytes.Buffer
	a, err := newWriter(&b, keys, Head{Format: format, ID: "x", Sets: []string{"serve"}, TakenAt: time.Unix(0, 0), Tables: []Table{{Name: "t"}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{"tables/t": "1\t2\n", "files/serve/empty": "", "files/serve/deep/down": strings.Repeat("a", chunkBytes+1)} {
		if err := a.part(name, 0o600, func(w io.Writer) (int64, error) {
			_, err := io.WriteString(w, body)
			return 1, err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestEveryCutAndEveryAlteredByteIsSeen, sealed or not.
func TestEveryCutAndEveryAlteredByteIsSeen(t *testing.T) {
	t.Parallel()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"plain": small(t), "sealed": small(t, id.Recipient())} {
		if err := verify(t, b, id); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i := 0; i < len(b); i += 1 + len(b)/70 {
			if err := verify(t, b[:i], id); err == nil {
				t.Errorf("%s: cut at %d of %d and taken", name, i, len(b))
			}
			c := bytes.Clone(b)
			c[i] ^= 0x10
			if err := verify(t, c, id); err == nil && !harmless(b, c) {
				t.Errorf("%s: byte %d of %d altered and taken", name, i, len(b))
			}
		}
	}
}

// harmless reports whether two unsealed archives hold the same: zstd and tar
// have bits that mean nothing.
func harmless(a, b []byte) bool {
	x, xerr := unpacked(a)
	y, yerr := unpacked(b)
	return xerr == nil && yerr == nil && bytes.Equal(x, y)
}

// unpacked is what an archive says, without what its tar headers say besides.
func unpacked(b []byte) ([]byte, error) {
	r, err := newReader(bytes.NewReader(b), nil, 0)
	if err != nil {
		return nil, err
	}
	defer r.close()
	var out bytes.Buffer
	m, err := r.each(func(name string, body io.Reader) error {
		out.WriteString(name)
		_, err := io.Copy(&out, body)
		return err
	})
	if err == nil {
		err = json.NewEncoder(&out).Encode([]any{r.Head, m})
	}
	return out.Bytes(), err
}

func TestAnArchiveOpensForItsKeyAlone(t *testing.T) {
	t.Parallel()
	words, err := Passphrase("twelve wise words", 10)
	if err != nil {
		t.Fatal(err)
	}
	b := small(t, words)
	right, err := WordsIdentity("twelve wise words")
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := WordsIdentity("twelve wise word")
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(t, b, right); err != nil {
		t.Error(err)
	}
	for name, ids := range map[string][]age.Identity{"no key": nil, "the wrong one": {wrong}} {
		if err := verify(t, b, ids...); !errors.Is(err, hashyard.Denied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Passphrase("short", 0); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("a short passphrase: %v", err)
	}
	path := filepath.Join(t.TempDir(), "keys", "k")
	public, made, err := Key(path)
	if err != nil || !made {
		t.Fatal(made, err)
	}
	again, made, err := Key(path)
	if err != nil || made || again != public {
		t.Errorf("the same key again: %s, %s, %t, %v", public, again, made, err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", st.Mode(), err)
	}
}

// TestABombIsBounded: what unpacks to more than allowed is refused before it
// is unpacked.
func TestABombIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, small(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Verify(path, nil, 1<<20); !errors.Is(err, hashyard.Exhausted) {
		t.Errorf("more than a megabyte into one: %v", err)
	}
	if _, _, err := Verify(path, nil, 2<<20); err != nil {
		t.Errorf("more than a megabyte into two: %v", err)
	}
}

func TestADatabaseThatWouldBeHarmedIsRefused(t *testing.T) {
	t.Parallel()
	foreign := testdb.OwnerURL(testdb.Empty(t))
	if _, err := open(t, foreign).Exec(t.Context(), "CREATE TABLE public.payroll (id int)"); err != nil {
		t.Fatal(err)
	}
	restore := func(url string) error {
		_, err := Restore(t.Context(), RestoreConfig{Archive: archive(kept[0]), Keys: keptKeys(t), OwnerURL: url, Leave: rowsOnly})
		return err
	}
	if err := restore(foreign); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("somebody else's (in use, too): %v", err)
	}
	used := testdb.OwnerURL(testdb.Database(t))
	conn, err := pgx.Connect(t.Context(), used)
	if err != nil {
		t.Fatal(err)
	}
	if err := restore(used); err == nil || !strings.Contains(err.Error(), "stop the yard") {
		t.Errorf("one in use: %v", err)
	}
	if _, err := conn.Exec(t.Context(), "INSERT INTO orgs (id, name, slug) VALUES (gen_random_uuid(), 'x', 'x')"); err != nil {
		t.Fatal(err)
	}
	conn.Close(t.Context())
	if err := restore(used); err == nil || !strings.Contains(err.Error(), "holds rows already") {
		t.Errorf("one with rows: %v", err)
	}
	if err := restore(testdb.OwnerURL(testdb.Database(t))); err != nil {
		t.Errorf("a migrated one that nobody has used: %v", err)
	}
	// No folder for the archive's files, and none left out.
	_, err = Restore(t.Context(), RestoreConfig{Archive: archive(kept[0]), Keys: keptKeys(t), OwnerURL: testdb.OwnerURL(testdb.Empty(t))})
	if !errors.Is(err, hashyard.Invalid) {
		t.Errorf("files without a place: %v", err)
	}
}

// TestOnlyOursIsBackedUp, whole or not at all.
func TestOnlyOursIsBackedUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out := filepath.Join(dir, "a.backup")
	make := func(cfg Config) error {
		cfg.Out = out
		_, err := Make(t.Context(), cfg)
		return err
	}
	if err := make(Config{OwnerURL: testdb.OwnerURL(testdb.Empty(t))}); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("a foreign database: %v", err)
	}
	name := testdb.Database(t)
	if err := make(Config{OwnerURL: testdb.OwnerURL(name), Sets: []Set{{Name: "signer", Dir: dir, Keys: true}}}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("keys in the clear: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Make(ctx, Config{OwnerURL: testdb.OwnerURL(name), Out: out}); err == nil {
		t.Error("an interrupted one: no error")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("something was left: %v, %v", left, err)
	}
	// The application's own role sees every row through hashyard_system.
	if err := make(Config{OwnerURL: testdb.AppURL(name)}); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a role that may not read the list of migrations: %v", err)
	}
	if err := make(Config{OwnerURL: testdb.OwnerURL(name)}); err != nil {
		t.Fatal(err)
	}
	if err := make(Config{OwnerURL: testdb.OwnerURL(name)}); !errors.Is(err, hashyard.Conflict) {
		t.Errorf("over an archive that is there: %v", err)
	}
}

// TestAnOwnerWithoutPowers backs up and restores: forced policies bind an owner
// that is no superuser, and must hide nothing from either.
func TestAnOwnerWithoutPowers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	filledURL := filled(t)
	name := testdb.Empty(t)
	conn := open(t, testdb.OwnerURL(name))
	if _, err := conn.Exec(ctx, `CREATE ROLE drill_owner LOGIN CREATEROLE PASSWORD 'drill'; GRANT hashyard_system TO drill_owner;
		ALTER DATABASE `+name+` OWNER TO drill_owner; ALTER SCHEMA public OWNER TO drill_owner`); err != nil {
		t.Fatal(err)
	}
	closeConn(conn)
	plain := strings.Replace(testdb.AppURL(name), "hashyard_app:test-app@", "drill_owner:drill@", 1)
	out := filepath.Join(t.TempDir(), "a.backup")
	if _, err := Make(ctx, Config{OwnerURL: filledURL, Out: out}); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(ctx, RestoreConfig{Archive: out, OwnerURL: plain}); err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(t.TempDir(), "b.backup")
	sum, err := Make(ctx, Config{OwnerURL: plain, Out: again})
	if err != nil {
		t.Fatal(err)
	}
	first, _, err := Verify(out, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Rows() != first.Rows() || sum.Rows() == 0 {
		t.Errorf("%d rows of %d", sum.Rows(), first.Rows())
	}
}

// FuzzArchive: whatever bytes come, reading ends, in bounds and without panic.
func FuzzArchive(f *testing.F) {
	f.Add(small(f))
	f.Add(forge(f, headOf(f, nil), entry{name: manifestName, body: `{"id":"x"}`}))
	f.Add(forge(f, headOf(f, nil), entry{name: "files/serve/../x"}))
	f.Add([]byte(zstdMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := newReader(bytes.NewReader(b), nil, 8<<20)
		if err != nil {
			return
		}
		defer r.close()
		var n int64
		_, _ = r.each(func(name string, body io.Reader) error {
			if strings.Contains(name, "..") && !strings.Contains(name, "...") && filepath.IsAbs(name) {
				t.Errorf("a way out: %q", name)
			}
			m, err := io.Copy(io.Discard, body)
			n += m
			return err
		})
		if n > 8<<20 {
			t.Errorf("%d bytes unpacked", n)
		}
	})
}
