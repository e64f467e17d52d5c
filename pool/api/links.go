package api

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/time/rate"

	"hashyard"
	"hashyard/pool"
	"hashyard/web"
)

// registerLinks adds links with which people without an account watch one.
func (e edge) registerLinks(api *web.API, get func(id, path, summary string) huma.Operation) {
	add := get("add-watch-link", "/api/v1/pool/watch-links", "Make a link to watch your account; its token is told once")
	add.Method, add.DefaultStatus = http.MethodPost, http.StatusCreated
	revoke := get("revoke-watch-link", "/api/v1/pool/watch-links/{id}", "Revoke a watch link, at once and for good")
	revoke.Method, revoke.DefaultStatus = http.MethodDelete, http.StatusOK

	web.Handle(api, get("list-watch-links", "/api/v1/pool/watch-links", "Your links, newest first, also ended ones"), web.PoolWrite, e.links)
	web.Handle(api, add, web.PoolWrite, e.addLink)
	web.Handle(api, revoke, web.PoolWrite, e.revokeLink)

	// The link's token is the proof: it opens one account's figures and nothing
	// else, and it travels in a header, which no log keeps.
	web.Public(api, get("watch-pool", "/api/v1/pool/watch", "What a watch link shows"), e.watch)
	web.Public(api, get("watch-pool-workers", "/api/v1/pool/watch/workers", "The workers of a watch link that shows them"), e.watchWorkers)
	web.Public(api, get("watch-pool-earnings", "/api/v1/pool/watch/statements", "The statements of a watch link that shows them"), e.watchStatements)
}

// WatchLink is a link without its token.
type WatchLink struct {
	ID        hashyard.ID `json:"id"`
	AccountID hashyard.ID `json:"account_id"`
	Name      string      `json:"name"`
	Workers   bool        `json:"workers" doc:"Shows workers one by one."`
	Earnings  bool        `json:"earnings" doc:"Shows statements."`
	CreatedBy hashyard.ID `json:"created_by,omitzero"`
	CreatedAt time.Time   `json:"created_at"`
	ExpiresAt time.Time   `json:"expires_at"`
	RevokedAt time.Time   `json:"revoked_at,omitzero"`
	UsedAt    time.Time   `json:"used_at,omitzero" doc:"Last, by about a minute."`
}

func linkOf(l pool.WatchLink) WatchLink {
	return WatchLink{
		ID: l.ID, AccountID: l.Account, Name: l.Name, Workers: l.Workers, Earnings: l.Earnings, CreatedBy: l.CreatedBy,
		CreatedAt: l.Created, ExpiresAt: l.Expires, RevokedAt: l.Revoked, UsedAt: l.Used,
	}
}

// NewWatchLink is a link to make.
type NewWatchLink struct {
	Name     string `json:"name" minLength:"1" maxLength:"80"`
	Workers  bool   `json:"workers,omitempty" doc:"Show workers one by one."`
	Earnings bool   `json:"earnings,omitempty" doc:"Show statements."`
	Days     int    `json:"expires_in_days,omitempty" minimum:"1" maximum:"366" default:"30"`
}

// MadeWatchLink is a link with its token.
type MadeWatchLink struct {
	Link  WatchLink `json:"link"`
	Token string    `json:"token,omitempty" doc:"Send it as Watch-Token. It is told once; only its hash is stored. In the app it is behind the # of /watch#…, which no server is sent."`
}

// Redacted keeps the token out of the stored answer.
func (m *MadeWatchLink) Redacted() any { return MadeWatchLink{Link: m.Link} }

func (e edge) links(ctx context.Context, actor hashyard.Actor, in *PageInput) (*web.Page[WatchLink], error) {
	ls, next, err := e.svc.WatchLinks(ctx, actor, in.page())
	if err != nil {
		return nil, err
	}
	return pageOf(ls, next, linkOf), nil
}

func (e edge) addLink(ctx context.Context, actor hashyard.Actor, in *NewWatchLink) (*MadeWatchLink, error) {
	if in.Days == 0 {
		in.Days = 30
	}
	l, token, err := e.svc.AddWatchLink(ctx, actor, pool.WatchLink{
		ID: commandID(ctx), Name: in.Name, Workers: in.Workers, Earnings: in.Earnings, Expires: time.Now().AddDate(0, 0, in.Days),
	})
	if err != nil {
		return nil, err
	}
	return &MadeWatchLink{Link: linkOf(l), Token: token}, nil
}

func (e edge) revokeLink(ctx context.Context, actor hashyard.Actor, in *idInput) (*WatchLink, error) {
	l, err := e.svc.RevokeWatchLink(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := linkOf(l)
	return &out, nil
}

// watchers bound how often one token is used: a page asks twice a minute.
type watchers struct {
	mu sync.Mutex // guards by
	by map[string]*rate.Limiter
}

// A token's pace in requests a second, how many may come at once, and how many
// tokens are remembered before all are forgotten.
const (
	watchPace   = 2
	watchAtOnce = 30
	watchTokens = 10_000
)

func newWatchers() *watchers { return &watchers{by: map[string]*rate.Limiter{}} }

func (w *watchers) allow(token string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.by[token]
	if l == nil {
		if len(w.by) >= watchTokens {
			clear(w.by)
		}
		l = rate.NewLimiter(watchPace, watchAtOnce)
		w.by[token] = l
	}
	if !l.Allow() {
		return hashyard.Exhausted.Errorf("this link is used too often; wait a moment")
	}
	return nil
}

// WatchInput is the proof of whoever watches.
type WatchInput struct {
	Token string `header:"Watch-Token" required:"true" maxLength:"80" doc:"The link's token."`
}

func (e edge) open(ctx context.Context, token string) (pool.Watching, error) {
	w, err := e.svc.OpenWatchLink(ctx, token)
	if err != nil {
		return w, err
	}
	return w, e.watchers.allow(token)
}

// Watching is what a link shows of its account.
type Watching struct {
	Name      string        `json:"name" doc:"Of the link."`
	Account   string        `json:"account"`
	ExpiresAt time.Time     `json:"expires_at"`
	At        time.Time     `json:"at"`
	Workers   bool          `json:"workers" doc:"The link shows workers one by one."`
	Earnings  bool          `json:"earnings" doc:"The link shows statements."`
	Hour      WindowRates   `json:"hour"`
	Day       WindowRates   `json:"day"`
	Counts    WorkerCounts  `json:"worker_counts"`
	Points    []SeriesPoint `json:"points" nullable:"false" doc:"The window's hashrate."`
}

type watchChartInput struct {
	WatchInput
	ChartInput
}

func (e edge) watch(ctx context.Context, in *watchChartInput) (*Watching, error) {
	w, err := e.open(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	o, err := e.svc.Overview(ctx, w.Actor)
	if err != nil {
		return nil, err
	}
	counts, err := e.svc.WorkerCounts(ctx, w.Actor)
	if err != nil {
		return nil, err
	}
	c, err := e.svc.Chart(ctx, w.Actor, pool.Span(in.Window))
	if err != nil {
		return nil, err
	}
	out := &Watching{
		Name: w.Link.Name, Account: w.Account.Name, ExpiresAt: w.Link.Expires, At: o.At, Workers: w.Link.Workers, Earnings: w.Link.Earnings,
		Hour: windowOf(o.Hour), Day: windowOf(o.Day), Counts: *countsBy(counts), Points: []SeriesPoint{},
	}
	for _, p := range c.Points {
		out.Points = append(out.Points, pointOf(p))
	}
	return out, nil
}

// WatchedWorker is a worker as a link shows it: without ids and sessions.
type WatchedWorker struct {
	User       string    `json:"user"`
	State      string    `json:"state" enum:"new,online,slow,silent,retired"`
	StateSince time.Time `json:"state_since,omitzero"`
	LastShare  time.Time `json:"last_share_at,omitzero"`
	Five       Rates     `json:"five_minutes"`
	Hour       Rates     `json:"hour"`
	Day        Rates     `json:"day"`
	Accepted   int64     `json:"accepted" doc:"Of the last day."`
	Rejected   int64     `json:"rejected" doc:"Of the last day."`
}

type watchWorkersInput struct {
	WatchInput
	WorkersInput
}

func (e edge) watchWorkers(ctx context.Context, in *watchWorkersInput) (*web.Page[WatchedWorker], error) {
	w, err := e.open(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	if !w.Link.Workers {
		return nil, hashyard.Denied.Errorf("this link does not show workers")
	}
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	ws, next, err := e.svc.Workers(ctx, w.Actor, q)
	if err != nil {
		return nil, err
	}
	return pageOf(ws, next, func(v pool.WorkerView) WatchedWorker {
		x := workerOf(v)
		return WatchedWorker{
			User: x.User, State: x.State, StateSince: x.StateSince, LastShare: x.LastShare,
			Five: x.Rates, Hour: x.Hour.Rates, Day: x.Day.Rates, Accepted: x.Day.Shares, Rejected: x.Day.Rejected,
		}
	}), nil
}

// WatchedStatement is a statement as a link shows it.
type WatchedStatement struct {
	From    time.Time     `json:"from"`
	To      time.Time     `json:"to"`
	Work    hashyard.Work `json:"work"`
	Shares  int64         `json:"shares"`
	NetSats hashyard.Sats `json:"net_sats"`
	FeeSats hashyard.Sats `json:"fee_sats"`
}

type watchPageInput struct {
	WatchInput
	PageInput
}

func (e edge) watchStatements(ctx context.Context, in *watchPageInput) (*web.Page[WatchedStatement], error) {
	w, err := e.open(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	if !w.Link.Earnings {
		return nil, hashyard.Denied.Errorf("this link does not show earnings")
	}
	sts, next, err := e.svc.Statements(ctx, w.Actor, in.page())
	if err != nil {
		return nil, err
	}
	return pageOf(sts, next, func(s pool.Statement) WatchedStatement {
		return WatchedStatement{From: s.Start, To: s.End, Work: s.Work, Shares: s.Shares, NetSats: s.Net, FeeSats: s.Fee}
	}), nil
}
