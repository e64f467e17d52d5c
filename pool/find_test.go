package pool

import (
	"strings"
	"testing"
)

func TestBlockNamed(t *testing.T) {
	t.Parallel()
	var hash [32]byte
	for i := range hash {
		hash[i] = byte(i)
	}
	if h, got, ok := blockNamed(" " + strings.ToUpper(ShowHash(hash)) + " "); !ok || h != -1 || got != hash {
		t.Errorf("a shown hash is read as %d %x %v", h, got, ok)
	}
	if h, _, ok := blockNamed("1284"); !ok || h != 1284 {
		t.Errorf("a height is read as %d %v", h, ok)
	}
	for _, text := range []string{"", "-1", "12ab", ShowHash(hash)[1:], "9999999999999999"} {
		if _, _, ok := blockNamed(text); ok {
			t.Errorf("%q names a block", text)
		}
	}
}
