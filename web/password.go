package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"hashyard"
)

// Cost is how dear a password hash is; the cost of each is stored in it.
type Cost struct {
	Time, MemoryKiB uint32
	Threads         uint8
}

// DefaultCost is OWASP's recommendation for argon2id: 19 MiB, two passes.
func DefaultCost() Cost { return Cost{Time: 2, MemoryKiB: 19 << 10, Threads: 1} }

// passwords hashes, a few at a time: each takes the memory of its cost, and
// sign-in is open to everyone.
type passwords struct {
	cost  Cost
	slots chan struct{} // one token a running hash
	dummy string        // verified for unknown e-mails, so that both take as long
}

func newPasswords(cost Cost) *passwords {
	p := &passwords{cost: cost, slots: make(chan struct{}, 2)}
	p.dummy = p.encode("", [16]byte{})
	return p
}

func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	var salt [16]byte
	if _, err := rand.Read(salt[:]); err != nil {
		panic(err) // crypto/rand never fails on supported systems
	}
	return p.encode(password, salt), nil
}

func (p *passwords) encode(password string, salt [16]byte) string {
	sum := argon2.IDKey([]byte(password), salt[:], p.cost.Time, p.cost.MemoryKiB, p.cost.Threads, 32)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.cost.MemoryKiB, p.cost.Time, p.cost.Threads, b64.EncodeToString(salt[:]), b64.EncodeToString(sum))
}

// verify compares in constant time. stale asks for a new hash: the stored one
// was made at another cost.
func (p *passwords) verify(ctx context.Context, encoded, password string) (ok, stale bool, err error) {
	cost, salt, sum, err := parseHash(encoded)
	if err != nil {
		return false, false, err
	}
	if err := p.enter(ctx); err != nil {
		return false, false, err
	}
	defer p.leave()
	got := argon2.IDKey([]byte(password), salt, cost.Time, cost.MemoryKiB, cost.Threads, uint32(len(sum)))
	return subtle.ConstantTimeCompare(got, sum) == 1, cost != p.cost, nil
}

func (p *passwords) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("password: %w", ctx.Err())
	}
}

func (p *passwords) leave() { <-p.slots }

// parseHash reads what encode wrote, with bounds on what it may cost.
func parseHash(s string) (c Cost, salt, sum []byte, err error) {
	bad := func(why string) (Cost, []byte, []byte, error) {
		return Cost{}, nil, nil, fmt.Errorf("password hash: %s", why)
	}
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return bad("not argon2id")
	}
	var version, threads int
	if n, err := fmt.Sscanf(parts[2], "v=%d", &version); n != 1 || err != nil || version != argon2.Version {
		return bad("unknown version")
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.MemoryKiB, &c.Time, &threads); n != 3 || err != nil {
		return bad("cost not readable")
	}
	if c.MemoryKiB < 8 || c.MemoryKiB > 1<<20 || c.Time < 1 || c.Time > 64 || threads < 1 || threads > math.MaxInt8 {
		return bad("cost out of bounds")
	}
	c.Threads = uint8(threads)
	if salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4]); err != nil || len(salt) < 8 || len(salt) > 64 {
		return bad("salt not readable")
	}
	if sum, err = base64.RawStdEncoding.Strict().DecodeString(parts[5]); err != nil || len(sum) < 16 || len(sum) > 64 {
		return bad("sum not readable")
	}
	return c, salt, sum, nil
}

// checkPassword refuses what is too short to resist guessing or too long to
// be one. What the characters are is nobody's business.
func checkPassword(s string) error {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) < 12 {
		return hashyard.Invalid.Errorf("a password has at least 12 characters")
	}
	if len(s) > 512 {
		return hashyard.Invalid.Errorf("a password has at most 512 bytes")
	}
	return nil
}
