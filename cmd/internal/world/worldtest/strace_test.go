package worldtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadSyncs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "trace")
	trace := `10 fsync(5</a/x>)                        = 0
11 fdatasync(6</a/y> <unfinished ...>
10 fsync(5</a/x>)                        = -1 EIO (Input/output error)
12 fsync(7</a/z> <unfinished ...>
11 <... fdatasync resumed>)              = 0
12 <... fsync resumed>)                  = -1 EIO (Input/output error)
13 fsync(8</a/w> <unfinished ...>
14 +++ killed by SIGKILL +++
`
	if err := os.WriteFile(path, []byte(trace), 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Syncs{"/a/x": 1, "/a/y": 1}, ReadSyncs(t, path)); diff != "" {
		t.Error(diff)
	}
}
