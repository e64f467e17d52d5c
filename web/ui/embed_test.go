package ui

import (
	"io/fs"
	"testing"
)

func TestFSAgreesWithBuilt(t *testing.T) {
	t.Parallel()
	_, err := fs.Stat(FS(), "index.html")
	if got := Built(); got != (err == nil) {
		t.Fatalf("Built() = %v, index.html: %v", got, err)
	}
	if _, err := fs.Stat(FS(), ".keep"); err != nil {
		t.Fatalf("dist/.keep is what lets a clean clone build: %v", err)
	}
}
