package cgminer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type indexed struct{ file, device, command, validity, expected, caseID string }

func index(t testing.TB) []indexed {
	dir := corpus(t)
	b, err := os.ReadFile(filepath.Join(dir, "INDEX.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var out []indexed
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		f := strings.Split(line, "\t")
		if i == 0 || len(f) < 8 {
			continue
		}
		expected := f[5]
		if strings.HasPrefix(expected, `"`) { // quoted as in CSV
			expected = strings.ReplaceAll(strings.Trim(expected, `"`), `""`, `"`)
		}
		out = append(out, indexed{f[0], f[1], f[2], f[4], expected, f[6]})
	}
	return out
}

// Every captured JSON reply is read. Sound ones without a single defect,
// malformed ones with at least one.
func TestCorpusParses(t *testing.T) {
	dir := corpus(t)
	read := 0
	for _, e := range index(t) {
		b, err := os.ReadFile(filepath.Join(dir, e.file))
		if err != nil {
			t.Errorf("%s: %v", e.file, err)
			continue
		}
		trimmed := strings.TrimSpace(string(b))
		if !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") && !strings.HasPrefix(trimmed, "STATUS") {
			t.Logf("not an RPC or JSON reply: %s (%.40q)", e.file, trimmed)
			if e.validity != "n/a" {
				t.Errorf("%s is marked %s", e.file, e.validity)
			}
			continue
		}
		r, err := ParseReply(b)
		if err != nil {
			t.Errorf("%s: %v", e.file, err)
			continue
		}
		read++
		sound := json.Valid(b)
		if sound && len(r.Defects) > 0 {
			t.Errorf("%s is sound, yet %v", e.file, r.Defects)
		}
		if !sound && len(r.Defects) == 0 {
			t.Errorf("%s is malformed, yet nothing was noticed", e.file)
		}
		if sound {
			var want any
			if err := json.Unmarshal(b, &want); err != nil {
				t.Fatal(err)
			}
		}
		if !sound && strings.Contains(trimmed, `"STATUS"`) && r.Status.Letter != "S" && r.Parts == nil {
			t.Errorf("%s: status %+v", e.file, r.Status)
		}
	}
	t.Logf("%d replies read", read)
	if read < 250 {
		t.Errorf("only %d replies read", read)
	}
}

// Where the collector recorded pool counts, they are what we read.
func TestCorpusPools(t *testing.T) {
	dir := corpus(t)
	checked := 0
	for _, e := range index(t) {
		var want struct {
			Pools [][]any `json:"pools_acc_rej_stale"`
		}
		if json.Unmarshal([]byte(e.expected), &want) != nil || len(want.Pools) == 0 || !strings.Contains(e.file, "pools") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.file))
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseReply(b)
		if err != nil {
			t.Fatal(err)
		}
		var rows []Value // the collector left out empty slots
		for _, row := range r.Rows("POOLS") {
			if row.Get("URL").Text() != "" {
				rows = append(rows, row)
			}
		}
		for i, w := range want.Pools {
			if i >= len(rows) {
				t.Errorf("%s: %d pools, want %d", e.file, len(rows), len(want.Pools))
				break
			}
			for j, field := range []string{"Accepted", "Rejected", "Stale"} {
				if got, ok := rows[i].Get(field).Float(); !ok || got != w[j+1].(float64) {
					t.Errorf("%s pool %d %s is %v, want %v", e.file, i, field, got, w[j+1])
				}
			}
			if url := rows[i].Get("URL").Text(); !strings.HasSuffix(url, w[0].(string)) {
				t.Errorf("%s pool %d url %q, want %q", e.file, i, url, w[0])
			}
			checked++
		}
	}
	if checked == 0 {
		t.Error("no expectation applied")
	}
	t.Logf("%d pools checked", checked)
}
