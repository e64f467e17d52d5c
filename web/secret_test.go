package web

import (
	"context"
	"strings"
	"testing"

	"hashyard"
)

func TestKeyText(t *testing.T) {
	t.Parallel()
	text, id := NewKey()
	got, _, ok := parseKey(text)
	if !ok || got != id || !strings.HasPrefix(text, "hy_") {
		t.Fatalf("%q does not read back", text)
	}
	other, _ := NewKey()
	if text == other {
		t.Error("two keys are equal")
	}
	for name, bad := range map[string]string{
		"empty": "", "prefix": strings.Replace(text, "hy_", "hx_", 1), "no secret": "hy_" + id.String(),
		"short": text[:len(text)-1], "long": text + "A", "upper id": "hy_" + strings.ToUpper(id.String()) + text[39:],
		"space": " " + text, "padding": text[:len(text)-1] + "=", "zero id": "hy_" + hashyard.ID{}.String() + text[39:],
	} {
		if _, _, ok := parseKey(bad); ok {
			t.Errorf("%s: %q was read as a key", name, bad)
		}
	}
}

// FuzzParseKey: nothing but the exact text of a key is one, and a key has one
// text.
func FuzzParseKey(f *testing.F) {
	text, _ := NewKey()
	f.Add(text)
	f.Add("hy_.")
	f.Add("hy_0192aaaa-0000-7000-8000-000000000001.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		id, hash, ok := parseKey(s)
		if !ok {
			if !id.IsZero() || hash != [32]byte{} {
				t.Fatal("a refused key left something behind")
			}
			return
		}
		if len(s) != 3+36+1+secretLen || s[:39] != "hy_"+id.String() {
			t.Fatalf("%q was read as the key %s", s, id)
		}
	})
}

// FuzzSessionToken: the cookie's value is foreign.
func FuzzSessionToken(f *testing.F) {
	text, _ := newSecret()
	f.Add(text)
	f.Add(strings.Repeat("A", secretLen))
	f.Add(strings.Repeat("_", secretLen))
	f.Fuzz(func(t *testing.T, s string) {
		a, ok := hashSecret(s)
		if ok && len(s) != secretLen {
			t.Fatalf("%q was read as a token", s)
		}
		if !ok && a != [32]byte{} {
			t.Fatal("a refused token left something behind")
		}
		for _, other := range []string{s + "A", s + "=", " " + s} {
			if b, ok2 := hashSecret(other); ok && ok2 && a == b {
				t.Fatalf("%q and %q are one token", s, other)
			}
		}
	})
}

func cheap() Cost { return Cost{Time: 1, MemoryKiB: 64, Threads: 1} }

func TestPasswords(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newPasswords(cheap())
	hash, err := p.hash(ctx, "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := p.hash(ctx, "correct horse battery"); again == hash {
		t.Error("the salt is not random")
	}
	for password, want := range map[string]bool{"correct horse battery": true, "correct horse batter": false, "": false} {
		ok, stale, err := p.verify(ctx, hash, password)
		if err != nil || ok != want || stale {
			t.Errorf("%q: %v %v %v", password, ok, stale, err)
		}
	}
	if ok, _, err := p.verify(ctx, p.dummy, "anything"); ok || err != nil {
		t.Errorf("dummy: %v %v", ok, err)
	}
	dearer := newPasswords(Cost{Time: 2, MemoryKiB: 64, Threads: 1})
	if ok, stale, err := dearer.verify(ctx, hash, "correct horse battery"); !ok || !stale || err != nil {
		t.Errorf("an older hash: ok %v, stale %v, %v", ok, stale, err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	p.slots <- struct{}{}
	p.slots <- struct{}{}
	if _, err := p.hash(ended, "x"); err == nil {
		t.Error("a caller who left still waits")
	}
}

func FuzzParseHash(f *testing.F) {
	f.Add(newPasswords(cheap()).dummy)
	f.Add("$argon2id$v=19$m=99999999,t=9,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		c, salt, sum, err := parseHash(s)
		if err == nil && (c.MemoryKiB > 1<<20 || c.Time > 64 || c.Time == 0 || c.Threads == 0 || len(salt) < 8 || len(sum) < 16) {
			t.Fatalf("%q has unbounded cost %+v", s, c)
		}
	})
}
