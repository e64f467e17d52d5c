package stratum

import (
	"math"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"hashyard/pool/share"
)

// What clients get wrong costs them points, which halve every minute. Honest
// firmware makes some mistakes too, a farm's hundreds of machines behind one
// address make hundreds of times as many, and each of its accepted shares buys
// two points back.
const (
	blameShare   = 1.0  // refused submit that no honest miner need send
	blameStale   = 0.05 // a new tip, and a new session, make honest shares stale
	blameLine    = 10.0 // not JSON-RPC
	blameLogin   = 10.0 // refused
	blameNobody  = 5.0  // a connection on which nobody ever logged in
	blameFrame   = 50.0 // a line that does not end, a forged PROXY header
	blameNothing = 0.04 // a login that was left again without a share
	earnedShare  = 2.0
	mostEarned   = 400.0
	halfLife     = time.Minute
	refuseFirst  = 10 * time.Second // doubles with every time
	refuseMost   = 10 * time.Minute
	forgiveAfter = 30 * time.Minute // without a new refusal the next is a first one
	sampled      = 16
)

// conduct is how a source, or an account, behaves.
type conduct struct {
	earned atomic.Int64 // accepted shares not yet counted in points
	live   int          // sessions; guarded by the ledger's mu

	mu      sync.Mutex // guards the fields below
	points  float64    // as of at; below zero is what was earned ahead
	at      time.Time
	strikes int       // refusals so far
	until   time.Time // refused until
}

// accepted earns points: it is on the way of every share.
func (c *conduct) accepted() { c.earned.Add(1) }

// settle brings points up to now; the caller holds c.mu.
func (c *conduct) settle(now time.Time) {
	if d := now.Sub(c.at); d > 0 {
		c.points *= math.Exp2(-d.Seconds() / halfLife.Seconds())
		c.at = now
	}
	if n := c.earned.Swap(0); n > 0 {
		c.points = max(c.points-earnedShare*float64(n), -mostEarned)
	}
	if c.strikes > 0 && now.Sub(c.until) > forgiveAfter {
		c.strikes = 0
	}
}

// blame counts points and gives for how long the source is refused because of
// them; 0 when it is not.
func (c *conduct) blame(points, limit float64, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(now)
	if c.points += points; c.points <= limit {
		return 0
	}
	c.points = limit / 2 // the next refusal is nearer than the first was
	c.strikes++
	wait := refuseMost
	if c.strikes < 16 {
		wait = min(refuseFirst<<(c.strikes-1), refuseMost)
	}
	c.until = now.Add(wait)
	return wait
}

func (c *conduct) refused(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Before(c.until)
}

// trusted reports whether more was earned than spent.
func (c *conduct) trusted(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(now)
	return c.points < 0
}

// worth is how much is lost when it is forgotten.
func (c *conduct) worth(now time.Time) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(now)
	w := math.Abs(c.points) + float64(c.strikes)
	if now.Before(c.until) {
		w += 1e6 + c.until.Sub(now).Seconds()
	}
	return w
}

// ledger remembers the conduct of a bounded number of sources or accounts, and
// of all that have sessions.
type ledger[K comparable] struct {
	most int

	mu  sync.Mutex // guards all, and live of each
	all map[K]*conduct
}

func newLedger[K comparable](most int) ledger[K] {
	return ledger[K]{most: most, all: map[K]*conduct{}}
}

// enter counts one more session, unless its source is refused, and has not
// earned to be let in all the same, or is a crowd already.
func (l *ledger[K]) enter(who K, crowd int, now time.Time, anyway bool) (*conduct, refusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.all[who]
	if c == nil {
		if len(l.all) >= l.most {
			l.forgetOne(now)
		}
		c = &conduct{at: now}
		l.all[who] = c
	}
	switch {
	case anyway:
	case c.refused(now):
		return nil, refusedConduct
	case c.live >= crowd:
		return nil, refusedCrowd
	}
	c.live++
	return c, 0
}

func (l *ledger[K]) leave(c *conduct) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.live--
}

// forgetOne makes room: of some it forgets the one that is least worth
// remembering, so that nobody who comes from ever new addresses fills memory or
// wipes out what others earned. The caller holds l.mu.
func (l *ledger[K]) forgetOne(now time.Time) {
	var least K
	lowest, seen := math.Inf(1), 0
	for who, c := range l.all { // begins anywhere
		if c.live == 0 {
			if w := c.worth(now); w < lowest {
				least, lowest = who, w
			}
		}
		if seen++; seen >= sampled && lowest < math.Inf(1) || seen >= 8*sampled {
			break
		}
	}
	if lowest < math.Inf(1) {
		delete(l.all, least)
	}
}

// sweep forgets who has nothing to be remembered for.
func (l *ledger[K]) sweep(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for who, c := range l.all {
		if c.live == 0 && c.worth(now) < 1 {
			delete(l.all, who)
		}
	}
}

func (l *ledger[K]) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}

// sourceOf is what counts as one source: an IPv4 address, or the /64 of an
// IPv6 one, for whoever has one of these has them all.
func sourceOf(a netip.Addr) netip.Addr {
	if a = a.Unmap(); a.Is4() {
		return a
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil { // none: a connection that is no TCP
		return netip.Addr{}
	}
	return p.Addr()
}

// blame counts what the session did wrong against its source and its account.
// When that is too much the session ends and new ones are refused for a while;
// others that are there stay, for they may be honest machines behind the same
// address.
func (s *session) blame(points float64) {
	s.blameSource(points)
	if s.by == nil {
		return
	}
	if wait := s.by.blame(points, s.srv.cfg.MaxBlame, s.srv.cfg.Now()); wait > 0 {
		s.srv.cfg.Logger.Warn("stratum account refused", "account", s.grant.Account, "seconds", wait.Seconds())
		s.end("too much of what comes for its account is wrong")
	}
}

func (s *session) blameSource(points float64) {
	if s.door.balancer(s.remote.Addr()) {
		return // which looks whether the port is open
	}
	if wait := s.from.blame(points, s.srv.cfg.MaxBlame, s.srv.cfg.Now()); wait > 0 {
		s.srv.cfg.Logger.Warn("stratum source refused", "source", sourceOf(s.remote.Addr()), "seconds", wait.Seconds())
		s.end("too much of what comes from its address is wrong")
	}
}

// enterAccount counts the session to its account. Anybody may give any account
// in a plain login, so what is done in its name must not keep its owner out: a
// machine that proves itself by its secret comes in always, and so does who
// comes from where honest work came from.
func (s *session) enterAccount(id []byte, g Grant) bool {
	now := s.srv.cfg.Now()
	by, why := s.srv.accounts.enter(g.Account, s.srv.cfg.MaxPerAccount, now, g.Secret)
	if by == nil && why == refusedConduct && s.from.trusted(now) {
		by, why = s.srv.accounts.enter(g.Account, s.srv.cfg.MaxPerAccount, now, true)
	}
	if by == nil {
		text := "the account has as many connections as it may"
		if why == refusedConduct {
			text = "too much of what came for the account was wrong, try again later"
		}
		s.srv.refused[why+refusedAccount].Add(1)
		s.send(replyError(id, share.Other, text))
		s.end(text)
		return false
	}
	s.mu.Lock()
	s.by = by
	s.mu.Unlock()
	return true
}

// Reasons for which sessions end that their clients ended.
const (
	reasonGone   = "disconnected"
	reasonSilent = "silent for too long"
	reasonNoTLS  = "no TLS"
)

// blameOf is what a refused submit costs.
func blameOf(code share.Code, cause share.Cause) float64 {
	switch {
	case cause == share.Sated:
		return 0 // our own bound
	case code == share.Stale:
		return blameStale
	}
	return blameShare
}

// parted judges how the client ended the session.
func (s *session) parted() {
	s.mu.Lock()
	reason, accepted := s.reason, s.accepted
	s.mu.Unlock()
	switch {
	case reason != reasonGone && reason != reasonSilent && reason != reasonNoTLS:
	case !s.asked:
		s.blameSource(blameNobody)
	case s.by != nil && accepted == 0:
		s.blameSource(blameNothing)
	}
}
