package stratum

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool/share"
)

func TestPasswordOptions(t *testing.T) {
	const one = hashyard.Difficulty(1 << 32)
	for password, want := range map[string]loginOptions{
		"":                        {},
		"x":                       {secret: "x"},
		"SECRET,d=1024":           {secret: "SECRET", start: 1024 * one},
		"d=0.5":                   {start: one / 2},
		"d=1e3;md=512;x":          {secret: "x", start: 1000 * one, floor: 512 * one},
		" D = 2 , MD = 1 ":        {start: 2 * one, floor: one},
		"fd=64,x":                 {secret: "x", start: 64 * one, floor: 64 * one, held: true},
		"d=1,d=2":                 {start: 2 * one},
		"x,d=":                    {secret: "x"},
		"x,d=NaN":                 {secret: "x"},
		"x,d=inf,md=0x10,fd=1_0":  {secret: "x"},
		"x,d=-5,md=1e400,fd=1e99": {secret: "x"},
		"a,b;c":                   {secret: "a,b;c"}, // nothing of ours
		"a;b,md=1":                {secret: "a,b", floor: one},
		"dd=5,x=d=1":              {secret: "dd=5,x=d=1"},
		"d=1=2":                   {},
	} {
		if got := parsePassword(password); got != want {
			t.Errorf("%q: %+v, want %+v", password, got, want)
		}
	}
}

func TestPasswordOptionsOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Floor = 1 << 8 })
	net := w.newJob(t, 1, hardBits, nil).NetDifficulty()
	known := Grant{Account: hashyard.NewID(), Worker: hashyard.NewID(), Start: 1 << 13}
	proof := Grant{Account: hashyard.NewID(), Worker: hashyard.NewID(), Start: 1 << 13, Proof: true}
	w.auth.grants["acme.known"], w.auth.grants["acme.proof"] = known, proof
	const unit = 1.0 / (1 << 32)
	wire := func(name string, d float64) string {
		b, err := json.Marshal(d * unit)
		if err != nil {
			t.Fatal(err)
		}
		return name + "=" + string(b)
	}
	for name, tt := range map[string]struct {
		user, password string
		want           hashyard.Difficulty
	}{
		"none":                     {"acme.a", "x", testStart},
		"start":                    {"acme.a", wire("d", 1<<14), 1 << 14},
		"unit with its secret":     {"acme.unit1", "secret," + wire("d", 1<<14), 1 << 14},
		"least":                    {"acme.a", wire("md", 1<<15), 1 << 15},
		"least below what is best": {"acme.a", wire("md", 1<<9), testStart},
		"start below least":        {"acme.a", wire("d", 1<<9) + ";" + wire("md", 1<<12), 1 << 12},
		"below our floor":          {"acme.a", wire("fd", 1), 1 << 8},
		"above the network":        {"acme.a", wire("md", 1<<40), net},
		"held":                     {"acme.a", wire("fd", 1<<12), 1 << 12},
		"a wish that would flood":  {"acme.known", wire("d", 1<<8), 1 << 13},
		"a wish that may be":       {"acme.known", wire("d", 1<<11), 1 << 11},
		"under proof":              {"acme.proof", wire("fd", 1<<16), 1 << 13},
	} {
		t.Run(name, func(t *testing.T) {
			c := w.dial(t)
			if err := c.Handshake(deadline(t), tt.user, tt.password, 0); err != nil {
				t.Fatal(err)
			}
			if got := c.Job().Difficulty; got != tt.want.Wire() {
				t.Fatalf("first difficulty %v units, want %d", got/unit, tt.want)
			}
		})
	}
	// A floor of the client's own holds when silence would halve.
	c := w.dial(t)
	if err := c.Handshake(deadline(t), "acme.floor", wire("md", 1<<12), 0); err != nil {
		t.Fatal(err)
	}
	w.advance(time.Hour)
	if j, err := c.NextJob(deadline(t)); err != nil || j.Difficulty != hashyard.Difficulty(1<<12).Wire() {
		t.Fatalf("%+v %v", j, err)
	}
	_, err := w.dial(t).Call(deadline(t), "mining.authorize", "acme.unit1", "wrong,d=1")
	wantCode(t, err, share.Unauthorised)
}

// FuzzPassword: whatever is written there, options stay within bounds and the
// secret is part of it.
func FuzzPassword(f *testing.F) {
	for _, s := range []string{"x,d=1", "d=1e400;md=-1", ",;=", "fd=0.0000001", "\xff,d=\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, password string) {
		got := parsePassword(password)
		if got.start >= 1<<63 || got.floor >= 1<<63 || len(got.secret) > len(password) {
			t.Fatalf("%q: %+v", password, got)
		}
		if got.held && got.start == 0 {
			t.Fatalf("%q is held at nothing", password)
		}
		for _, part := range strings.Split(got.secret, ",") {
			if !strings.Contains(password, part) {
				t.Fatalf("%q: secret %q", password, got.secret)
			}
		}
	})
}

// FuzzConfigure: no request makes an answer that is not JSON or has a key that
// was not asked for, and a mask is never wider than ours.
func FuzzConfigure(f *testing.F) {
	f.Add(`[["version-rolling","info"],{"version-rolling.mask":"ffffffff","version-rolling.min-bit-count":"2","info.hw-id":"é"}]`)
	f.Add(`[["version-rolling"],{"version-rolling.mask":-1.5,"version-rolling.min-bit-count":1e300}]`)
	f.Add(`[[null],[]]`)
	f.Add(`[{"a":1}]`)
	f.Fuzz(func(t *testing.T, text string) {
		var params []json.RawMessage
		if json.Unmarshal([]byte(text), &params) != nil {
			return
		}
		x, ok := parseExtensions(params)
		if !ok {
			return
		}
		const ours = 0x1fffe000
		if mask, _ := x.mask(ours); mask&^uint32(ours) != 0 {
			t.Fatalf("%s: mask %08x", text, mask)
		}
		if d := x.device(); d != nil {
			for _, s := range []string{d.HWID, d.HWVersion, d.SWVersion, d.URL} {
				if len(s) > share.MaxDeviceText || s != printable(s) {
					t.Fatalf("%s: %q", text, s)
				}
			}
		}
	})
}

// FuzzUser: a name that is let through has no character beside the permitted.
func FuzzUser(f *testing.F) {
	f.Add("acme.rig-1_A")
	f.Add(strings.Repeat("a", 64))
	f.Add("a/b")
	f.Fuzz(func(t *testing.T, s string) {
		if validUser(s) && (len(s) > maxUser || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != "") {
			t.Fatalf("%q is let through", s)
		}
	})
}
