package devchain_test

import (
	"testing"

	"hashyard/pool/node/devchain"
	"hashyard/pool/node/devchain/devchaintest"
)

// BenchmarkTemplate is one getblocktemplate over HTTP with nothing new.
func BenchmarkTemplate(b *testing.B) {
	w := devchaintest.Start(b, devchain.Config{})
	for b.Loop() {
		if _, err := w.Client.Template(b.Context(), ""); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBlock is a template, a block of it, its acceptance and the journal's
// sync.
func BenchmarkBlock(b *testing.B) {
	w := devchaintest.Start(b, devchain.Config{})
	for b.Loop() {
		w.Mine(b, 1, alice)
	}
}

// BenchmarkOpen opens and cleanly closes a young chain.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir() + "/chain"
	for b.Loop() {
		c, err := devchain.Open(devchain.Config{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
