package web

import (
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/time/rate"

	"hashyard"
)

// Limits bound what one source may ask for, in requests a second; ten times
// as many may come at once. They keep one caller's flood from being everybody's:
// an address counts before anything is read, a user or key and its organisation
// after signing in. Each process counts for itself.
type Limits struct {
	Address float64 // of one IPv4 address or IPv6 /64; 0 is 300
	Caller  float64 // of one user or key; 0 is 100
	Org     float64 // of one organisation; 0 is 300
	Streams int     // live streams of one organisation at a time; 0 is 200
	Busy    int     // requests of one organisation at work at a time; 0 is 24
}

// badKeyCost is what a request with a wrong key or session costs its address.
const badKeyCost = 5

// flood holds the limits of one API.
type flood struct {
	limits  Limits
	now     func() time.Time
	address *sources
	caller  *sources
	org     *sources
	busy    *rooms

	mu      sync.Mutex // guards streams
	streams map[hashyard.ID]int
}

func newFlood(l Limits, now func() time.Time) *flood {
	for v, def := range map[*float64]float64{&l.Address: 300, &l.Caller: 100, &l.Org: 300} {
		if *v <= 0 {
			*v = def
		}
	}
	if l.Streams <= 0 {
		l.Streams = 200
	}
	return &flood{
		limits: l, now: now, streams: map[hashyard.ID]int{},
		address: newSources(l.Address), caller: newSources(l.Caller), org: newSources(l.Org),
		busy: newRooms(l.Busy, roomWait),
	}
}

// fromAddress counts n requests of an address, or says how long to wait.
func (f *flood) fromAddress(remote string, n int) error {
	return tooMany(f.address.take(network(remote), n, f.now()), "from your address")
}

// fromCaller counts a request of whoever signed in.
func (f *flood) fromCaller(a hashyard.Actor) error {
	who := a.User
	if who.IsZero() {
		who = a.Key
	}
	if err := tooMany(f.caller.take(who.String(), 1, f.now()), "from you"); err != nil {
		return err
	}
	return tooMany(f.org.take(a.Org.String(), 1, f.now()), "from your organisation")
}

// listen counts a live stream; done uncounts it.
func (f *flood) listen(org hashyard.ID) (done func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.streams[org] >= f.limits.Streams {
		return nil, tooMany(30*time.Second, "of live streams from your organisation")
	}
	f.streams[org]++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.streams[org]--; f.streams[org] <= 0 {
			delete(f.streams, org)
		}
	}, nil
}

func tooMany(wait time.Duration, whose string) error {
	if wait <= 0 {
		return nil
	}
	p := problem(http.StatusTooManyRequests, "too many requests "+whose+"; wait a moment and go on slower")
	p.retryAfter = max(wait, time.Second)
	return p
}

// limitAddress answers a flood out here, before a body or a route is looked at.
func (api *API) limitAddress(w http.ResponseWriter, r *http.Request, remote string) (ok bool) {
	if r.URL.Path == "/livez" || r.URL.Path == "/readyz" {
		return true // whoever watches the yard must see it during a flood
	}
	err := api.flood.fromAddress(remote, 1)
	if err == nil {
		return true
	}
	if p, is := err.(*Problem); is { //nolint:errorlint // made a line above
		w.Header().Set("Retry-After", p.GetHeaders().Get("Retry-After"))
	}
	WriteProblem(w, r, api.log, http.StatusTooManyRequests, err.Error())
	return false
}

// limitStreams wraps a stream's body: one over the bound is a 429.
func (api *API) limitStreams(org hashyard.ID, body func(huma.Context)) (*huma.StreamResponse, error) {
	done, err := api.flood.listen(org)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer done()
		body(hctx)
	}}, nil
}

// sources is a token bucket a source. It is bounded: when full buckets are
// forgotten and there is still no room, all further sources share one, so that
// a flood of addresses can neither take the memory nor refill anyone's bucket.
type sources struct {
	perSecond rate.Limit
	burst     int
	max       int

	mu   sync.Mutex // guards the fields below
	of   map[string]*rate.Limiter
	rest *rate.Limiter
}

func newSources(perSecond float64) *sources {
	s := &sources{perSecond: rate.Limit(perSecond), burst: int(math.Ceil(10 * perSecond)), max: 50_000, of: map[string]*rate.Limiter{}}
	s.rest = rate.NewLimiter(s.perSecond, s.burst)
	return s
}

// take counts n requests of source; above zero it says how long to wait.
func (s *sources) take(source string, n int, now time.Time) time.Duration {
	l := s.limiter(source, now)
	r := l.ReserveN(now, min(n, s.burst))
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

func (s *sources) limiter(source string, now time.Time) *rate.Limiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.of[source]; l != nil {
		return l
	}
	if len(s.of) >= s.max {
		for k, l := range s.of {
			if l.TokensAt(now) >= float64(s.burst) {
				delete(s.of, k)
			}
		}
		if len(s.of) >= s.max {
			return s.rest
		}
	}
	l := rate.NewLimiter(s.perSecond, s.burst)
	s.of[source] = l
	return l
}
