package firmware

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hashyard"
)

func TestComparePools(t *testing.T) {
	t.Parallel()
	ours := PoolSetting{"stratum+tcp://yard:3333", "acct.u1", "secret"}
	slot := func(n int, p PoolSetting, known bool) ConfiguredPool { return ConfiguredPool{n, p, known} }
	for _, tc := range []struct {
		name string
		got  []ConfiguredPool
		want []SlotDifference
	}{
		{"equal", []ConfiguredPool{slot(0, ours, true), slot(1, PoolSetting{}, true), slot(2, PoolSetting{}, true)}, nil},
		{"empty slots may be missing", []ConfiguredPool{slot(0, ours, true)}, nil},
		{"a survivor in the third slot", []ConfiguredPool{slot(0, ours, true), slot(2, PoolSetting{URL: "old", User: "u"}, true)}, []SlotDifference{
			{2, "url", "", "old"},
			{2, "user", "", "u"},
		}},
		{"a survivor beyond the slots", []ConfiguredPool{slot(0, ours, true), slot(3, PoolSetting{URL: "fee"}, false)}, []SlotDifference{{3, "url", "", "fee"}}},
		{"nothing there", nil, []SlotDifference{{0, "url", ours.URL, ""}, {0, "user", ours.User, ""}}},
		{"another password", []ConfiguredPool{slot(0, PoolSetting{ours.URL, ours.User, "x"}, true)}, []SlotDifference{{Slot: 0, Field: "password"}}},
		{"a hidden password", []ConfiguredPool{slot(0, PoolSetting{ours.URL, ours.User, ""}, false)}, nil},
	} {
		if d := cmp.Diff(tc.want, ComparePools([]PoolSetting{ours}, tc.got)); d != "" {
			t.Errorf("%s: %s", tc.name, d)
		}
	}
}

// Equal configurations compare equal, and any one change of any slot shows.
func TestComparePoolsMissesNothing(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`[a-z0-9.:/+]{0,8}`)
	pool := rapid.Custom(func(t *rapid.T) PoolSetting {
		return PoolSetting{text.Draw(t, "url"), text.Draw(t, "user"), text.Draw(t, "password")}
	})
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(pool, 0, 3).Draw(t, "want")
		got := make([]ConfiguredPool, 3)
		for i := range got {
			got[i] = ConfiguredPool{Slot: i, PasswordKnown: true}
			if i < len(want) {
				got[i].PoolSetting = want[i]
			}
		}
		if d := ComparePools(want, got); d != nil {
			t.Fatalf("equal, yet %v", d)
		}
		i := rapid.IntRange(0, 2).Draw(t, "slot")
		field := rapid.SampledFrom([]*string{&got[i].URL, &got[i].User, &got[i].Password}).Draw(t, "field")
		*field += "!"
		if d := ComparePools(want, got); len(d) != 1 || d[0].Slot != i {
			t.Fatalf("changed slot %d, compared as %v", i, d)
		}
	})
}

func TestCheckPoolSettings(t *testing.T) {
	t.Parallel()
	good := []PoolSetting{{"stratum+tcp://127.0.0.1:3333#xnsub", "acct_1.u-0417", "AB7Q=="}, {}}
	if err := CheckPoolSettings(good, 3); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"a b", "a\nb", "a,b", `a"b`, `a\b`, "a|b", "$(a)", "é", "a\x00", "*"} {
		if err := CheckPoolSettings([]PoolSetting{{URL: "x", User: bad}}, 3); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	family := func(score int) Family {
		return Family{Claims: func(Evidence) Claim {
			var c Claim
			c.Add(score, "because")
			return c
		}}
	}
	v := Judge(map[string]Family{"b": family(50), "a": family(50), "c": family(10), "d": family(-5)}, Evidence{})
	if v.Family != "a" || v.Score != 50 || len(v.Claims) != 3 {
		t.Errorf("%+v", v)
	}
	if v := Judge(map[string]Family{"d": family(0)}, Evidence{}); v.Family != "" {
		t.Errorf("%+v", v)
	}
}

func TestSiteDialerGuardsTheResolvedAddress(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	inside := SiteDialer([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/24")}, time.Second)
	c, err := inside.DialContext(ctx, "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	outside := SiteDialer([]netip.Prefix{netip.MustParsePrefix("127.77.1.0/24")}, time.Second)
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "::ffff:127.0.0.1"} {
		if _, err := outside.DialContext(ctx, "tcp", net.JoinHostPort(host, port)); !errors.Is(err, hashyard.Denied) {
			t.Errorf("%s: %v, want denied", host, err)
		}
	}
}

func TestTargetReady(t *testing.T) {
	t.Parallel()
	if _, err := (Target{}).Ready(); !errors.Is(err, hashyard.Invalid) {
		t.Error(err)
	}
	tg, err := (Target{Addr: netip.MustParseAddr("127.0.0.1"), Dial: (&net.Dialer{}).DialContext}).Ready()
	if err != nil || tg.RPC() != "127.0.0.1:4028" || tg.Web() != "127.0.0.1:80" || tg.Timeout != DefaultTimeout || tg.Now == nil {
		t.Errorf("%+v %v", tg, err)
	}
}
