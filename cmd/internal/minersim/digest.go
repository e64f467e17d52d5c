package minersim

import (
	"crypto/md5" //nolint:gosec // RFC 7616 digest, as the real firmware's server speaks it
	"encoding/hex"
	"sync"
	"time"
)

// nonceLife is how long a digest nonce may be used again.
const nonceLife = 60 * time.Second

// nonceBook remembers the nonces a web server issued.
type nonceBook struct {
	mu     sync.Mutex // guards issued
	issued map[string]time.Time
}

func (b *nonceBook) issue(nonce string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.issued == nil {
		b.issued = map[string]time.Time{}
	}
	for n, at := range b.issued {
		if now.Sub(at) > nonceLife {
			delete(b.issued, n)
		}
	}
	b.issued[nonce] = now
}

func (b *nonceBook) known(nonce string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	at, ok := b.issued[nonce]
	return ok && time.Since(at) <= nonceLife
}

func md5hex(s string) string {
	sum := md5.Sum([]byte(s)) //nolint:gosec // see import
	return hex.EncodeToString(sum[:])
}

// splitQuoted splits at commas outside quotes.
func splitQuoted(s string) []string {
	var out []string
	quoted, start := false, 0
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}
