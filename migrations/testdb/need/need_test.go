package need

import (
	"runtime"
	"testing"
)

// record is a test that remembers how it ended.
type record struct {
	testing.TB
	skipped, failed bool
}

func (r *record) Helper()               {}
func (r *record) Skipf(string, ...any)  { r.skipped = true; runtime.Goexit() }
func (r *record) Skip(...any)           { r.skipped = true; runtime.Goexit() }
func (r *record) Fatalf(string, ...any) { r.failed = true; runtime.Goexit() }

func ended(fn func(testing.TB)) *record {
	r := new(record)
	done := make(chan struct{})
	go func() { defer close(done); fn(r) }()
	<-done
	return r
}

func TestWhatIsRequiredIsNotSkipped(t *testing.T) {
	for _, tt := range []struct {
		require         string
		skipped, failed bool
	}{{"", true, false}, {"chromium", true, false}, {"corpus", false, true}, {"chromium,corpus", false, true}} {
		t.Setenv("HASHYARD_REQUIRE", tt.require)
		if r := ended(func(t testing.TB) { Missing(t, Corpus, "") }); r.skipped != tt.skipped || r.failed != tt.failed {
			t.Errorf("required %q: skipped %t, failed %t", tt.require, r.skipped, r.failed)
		}
		if r := ended(func(t testing.TB) { ByDesign(t, "") }); !r.skipped || r.failed {
			t.Errorf("by design, required %q: %+v", tt.require, r)
		}
	}
}
