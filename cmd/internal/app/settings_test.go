package app

import (
	"errors"
	"testing"

	"hashyard"
	"hashyard/pool/node"
)

// TestALocalWorldStaysOnItsMachine: it tells its passwords, also to a stranger
// who writes localhost into the Host header.
func TestALocalWorldStaysOnItsMachine(t *testing.T) {
	t.Parallel()
	for listen, fine := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:8080": true, "[::1]:8080": true, "[::ffff:127.0.0.1]:8080": true,
		"0.0.0.0:8080": false, ":8080": false, "[::]:8080": false, "192.168.1.4:8080": false, "yard.example:80": false, "8080": false, "": false,
	} {
		if err := (&Serve{Listen: listen, Seed: "seed.json"}).checkLocal(); (err == nil) != fine || err != nil && !errors.Is(err, hashyard.Invalid) {
			t.Errorf("a world on %q: %v", listen, err)
		}
		if err := (&Serve{Listen: listen}).checkLocal(); err != nil {
			t.Errorf("a yard on %q: %v", listen, err)
		}
	}
	for _, tt := range []struct {
		seed string
		n    node.Network
		fine bool
	}{
		{"", node.Network{Name: "main", WorkScale: 1}, true},
		{"s", node.Network{Name: "main", WorkScale: 1}, false},
		{"s", node.Network{Name: node.LocalChain, WorkScale: 1000}, true},
		{"", node.Network{Name: node.LocalChain, WorkScale: 1000}, false},
		{"s", node.Network{Name: "regtest", WorkScale: 1}, true},
	} {
		if err := (&Serve{Seed: tt.seed}).checkChain(tt.n); (err == nil) != tt.fine {
			t.Errorf("seed %q on %s: %v", tt.seed, tt.n.Name, err)
		}
	}
}

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
