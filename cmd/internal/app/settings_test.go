package app

import "testing"

func TestWhereATreasuryBegins(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		set, want int64
		local     bool
	}{{-1, -1, false}, {-1, 0, true}, {840_000, 840_000, false}, {7, 7, true}, {0, 0, false}} {
		if got := (Money{TreasuryBirth: tt.set}).birth(tt.local); got != tt.want {
			t.Errorf("%d, local %t: %d, want %d", tt.set, tt.local, got, tt.want)
		}
	}
}
