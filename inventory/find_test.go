package inventory

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSpellings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"JAJG04":            {"JAJG04"},
		"a":                 nil,
		"S1":                {"S1"},
		"AABBCCDDEEFF":      {"AABBCCDDEEFF", "aa:bb:cc:dd:ee:ff"},
		"aa-bb-cc":          {"aa-bb-cc", "aa:bb:cc"},
		"aabb.ccdd":         {"aabb.ccdd", "aa:bb:cc:dd"},
		"aa:bb:c":           {"aa:bb:c", "aa:bb:c"},
		"0123456789abcdef0": {"0123456789abcdef0"},
	} {
		if diff := cmp.Diff(want, spellings(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}
