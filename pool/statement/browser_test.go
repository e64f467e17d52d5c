package statement

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"hashyard/pool/fpps"
)

// signedFile is what the browser's own checks are tested with.
const signedFile = "../../web/ui/src/pages/statement/signed.golden.json"

// forBrowser is a signed file by every method, and the proof of a worker of the first.
type forBrowser struct {
	Files map[fpps.Method]string `json:"files"`
	Proof Proof                  `json:"proof"`
}

// What the browser is shown as sound is sound here, too: both read one file.
// UPDATE_GOLDEN makes it anew.
func TestBrowserReadsTheSameFile(t *testing.T) {
	t.Parallel()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		writeForBrowser(t)
	}
	b, err := os.ReadFile(signedFile)
	if err != nil {
		t.Fatal(err)
	}
	var g forBrowser
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	for _, m := range fpps.Methods() {
		st, bad, err := Verify([]byte(g.Files[m]), nil)
		if err != nil || len(bad) > 0 || st.Rates[0].FeeMethod != string(m) {
			t.Errorf("%s: %v, %v", m, bad, err)
		}
		if st.ID == g.Proof.StatementID {
			if bad := VerifyProof(st, g.Proof); len(bad) > 0 {
				t.Errorf("proof: %v", bad)
			}
		}
	}
}

func writeForBrowser(t *testing.T) {
	t.Helper()
	g := forBrowser{Files: map[fpps.Method]string{}}
	for i, m := range fpps.Methods() {
		_, file, minutes := made(t, m, [2]uint64{1 << 60, 1<<53 + 1})
		g.Files[m] = string(file)
		if i > 0 {
			continue
		}
		_, st, err := Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		last := slices.MaxFunc(st.Workers, func(a, b Worker) int { return slices.Compare(a.ID[:], b.ID[:]) })
		if g.Proof, err = st.Prove(last.ID, minutes[last.ID]); err != nil {
			t.Fatal(err)
		}
	}
	b, err := json.MarshalIndent(g, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(signedFile, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}
