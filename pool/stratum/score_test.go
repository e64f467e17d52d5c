package stratum

import (
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSourceOf(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::", "2001:db8:1:2:ffff::": "2001:db8:1:2::", "fe80::1%eth0": "fe80::",
	} {
		if got := sourceOf(netip.MustParseAddr(in)); got != netip.MustParseAddr(want) {
			t.Errorf("%s comes from %s, want %s", in, got, want)
		}
	}
	if sourceOf(netip.Addr{}).IsValid() {
		t.Error("no address is a source")
	}
}

// TestRefusalsGrowAndEnd: 10 s, then twice as long, at most 10 minutes; who was
// good for half an hour begins anew.
func TestRefusalsGrowAndEnd(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	c := &conduct{at: now}
	for i, want := range []time.Duration{10, 20, 40, 80, 160, 320, 600, 600, 600} {
		wait := time.Duration(0)
		for n := 0; wait == 0; n++ {
			if n > 20 {
				t.Fatalf("refusal %d: never", i)
			}
			wait = c.blame(blameLine, 200, now)
		}
		if wait != want*time.Second {
			t.Fatalf("refusal %d lasts %v, want %v", i, wait, want*time.Second)
		}
		if now = now.Add(wait - 1); !c.refused(now) {
			t.Fatalf("refusal %d is over too early", i)
		}
		if now = now.Add(1); c.refused(now) {
			t.Fatalf("refusal %d does not end", i)
		}
	}
	now = now.Add(forgiveAfter + time.Second)
	if wait := c.blame(201, 200, now); wait != refuseFirst {
		t.Fatalf("after half an hour: %v", wait)
	}
}

// TestHonestFarmsStayIn: hundreds of machines behind one address, each with the
// mistakes that firmware makes, one of them broken, all reconnecting at times.
func TestHonestFarmsStayIn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		miners := rapid.IntRange(1, 1000).Draw(t, "miners")
		now := time.Unix(1_000_000, 0)
		c := &conduct{at: now}
		blame := func(points float64) {
			if wait := c.blame(points, 200, now); wait > 0 {
				t.Fatalf("%d honest miners are refused for %v", miners, wait)
			}
		}
		for range 30 { // a round is 10 s: two shares each
			now = now.Add(10 * time.Second)
			for range miners * 2 {
				c.accepted()
			}
			for range miners / 10 { // 5 % are refused
				blame(blameShare)
			}
			if miners > 50 && rapid.Bool().Draw(t, "broken") { // one that sends nothing right
				for range 100 {
					blame(blameShare)
				}
			}
			if rapid.IntRange(0, 9).Draw(t, "flap") == 0 { // the farm's line breaks
				for range miners {
					blame(blameNothing)
				}
			}
		}
	})
}

// TestLedgerIsBounded: whoever comes from ever new addresses takes no more
// memory than there is, and wipes out neither what others earned nor who is
// refused, nor anybody who is here.
func TestLedgerIsBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const most, crowd = 40, 3
		now := time.Unix(1_000_000, 0)
		l := newLedger[int](most)
		enter := func(who int) (*conduct, refusal) { return l.enter(who, crowd, now, false) }
		farm, _ := enter(-1)
		for range 100 {
			farm.accepted()
		}
		l.leave(farm)
		bad, _ := enter(-2)
		bad.blame(201, 200, now)
		l.leave(bad)
		live := map[*conduct]int{}
		next, n := 0, 0
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1, 2: // somebody new, who leaves at once
				next++
				if c, why := enter(next); c == nil {
					t.Fatalf("a newcomer is refused: %s", refusalNames[why])
				} else {
					l.leave(c)
				}
			case 3: // who stays
				next++
				if c, _ := enter(next); n < most/2 {
					live[c], n = next, n+1
				} else {
					l.leave(c)
				}
			case 4:
				for c := range live {
					l.leave(c)
					delete(live, c)
					n--
					break
				}
			case 5:
				l.sweep(now)
			}
			if size := l.size(); size > most {
				t.Fatalf("remembers %d of %d", size, most)
			}
			for c, who := range live {
				if l.all[who] != c {
					t.Fatalf("%d is here and forgotten", who)
				}
			}
		}
		if c, why := enter(-2); c != nil || why != refusedConduct {
			t.Fatal("who is refused was forgotten")
		}
		if c, _ := enter(-1); c != farm || !c.trusted(now) {
			t.Fatal("what a farm earned was forgotten")
		}
		for i := range crowd {
			if c, why := enter(-1); (c == nil) != (i == crowd-1) || c == nil && why != refusedCrowd {
				t.Fatalf("session %d: %v", i+2, why)
			}
		}
		now = now.Add(2 * time.Hour)
		l.sweep(now)
		if size := l.size(); size != n+1 {
			t.Fatalf("remembers %d after hours, %d and the farm are here", size, n)
		}
	})
}

func TestRefusalsHaveNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for why, name := range refusalNames {
		if name == "" || seen[name] {
			t.Errorf("refusal %d is called %q", why, name)
		}
		seen[name] = true
	}
	if refusalNames[refusedConduct+refusedAccount] != "account_conduct" || refusalNames[refusedCrowd+refusedAccount] != "account_crowd" {
		t.Errorf("%q", refusalNames)
	}
}
