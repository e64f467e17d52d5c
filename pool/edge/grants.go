package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/share"
	"hashyard/pool/stratum"
)

// grants are the workers that the yard has let in, for when it is away.
type grants struct {
	path string

	mu    sync.Mutex // guards the fields below
	by    map[string]known
	dirty bool
}

// known is a worker that was let in.
type known struct {
	Grant share.Grant
	Proof []byte // of the secret that was known; nil when none was needed
	At    time.Time
}

// maxGrants bounds the cache; the one let in longest ago makes room.
const maxGrants = 50_000

func openGrants(path string) (*grants, error) {
	g := &grants{path: path, by: map[string]known{}}
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("known workers: %w", err)
	default:
		if err := json.Unmarshal(b, &g.by); err != nil {
			// It only helps while the yard is away.
			g.by = map[string]known{}
		}
	}
	return g, nil
}

func (g *grants) put(user, password string, grant share.Grant) {
	user = strings.ToLower(user)
	k := known{Grant: grant, At: time.Now().UTC()}
	if grant.Secret {
		k.Proof = proof(user, password)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.by[user]; !ok && len(g.by) >= maxGrants {
		oldest := ""
		for u, k := range g.by {
			if oldest == "" || k.At.Before(g.by[oldest].At) {
				oldest = u
			}
		}
		delete(g.by, oldest)
	}
	g.by[user], g.dirty = k, true
}

func (g *grants) drop(user string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.by, strings.ToLower(user))
	g.dirty = true
}

// get is what a worker was granted, if it knows the secret that it knew then.
func (g *grants) get(user, password string) (share.Grant, error) {
	g.mu.Lock()
	k, ok := g.by[strings.ToLower(user)]
	g.mu.Unlock()
	if !ok {
		return share.Grant{}, hashyard.Unavailable.Errorf("worker %s is not known here and the yard is away", user)
	}
	if k.Grant.Secret && !bytes.Equal(k.Proof, proof(user, password)) {
		return share.Grant{}, hashyard.Denied.Errorf("worker %s: wrong secret", user)
	}
	return k.Grant, nil
}

// change follows the yard's word about a worker.
func (g *grants) change(worker hashyard.ID, grant share.Grant) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for u, k := range g.by {
		if k.Grant.Worker == worker {
			k.Grant.PerMinute, k.Grant.Start, k.Grant.Proof = grant.PerMinute, grant.Start, grant.Proof
			g.by[u], g.dirty = k, true
		}
	}
}

func (g *grants) forget(worker hashyard.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for u, k := range g.by {
		if k.Grant.Worker == worker {
			delete(g.by, u)
			g.dirty = true
		}
	}
}

func (g *grants) size() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.by)
}

// asked is the question for the standing of users.
func (g *grants) asked(users []string) []standingAsk {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []standingAsk
	for _, u := range users {
		if k, ok := g.by[strings.ToLower(u)]; ok {
			out = append(out, standingAsk{User: u, Proof: k.Proof})
		}
	}
	return out
}

// save writes the cache when it has changed.
func (g *grants) save() error {
	g.mu.Lock()
	if !g.dirty {
		g.mu.Unlock()
		return nil
	}
	b, err := json.Marshal(g.by)
	g.dirty = false
	g.mu.Unlock()
	if err == nil {
		err = os.WriteFile(g.path+".new", b, 0o600)
	}
	if err == nil {
		err = os.Rename(g.path+".new", g.path)
	}
	if err != nil {
		return fmt.Errorf("known workers: %w", err)
	}
	return nil
}

// Authorize lets in whom the yard does, and while that is away whom it has.
func (e *Edge) Authorize(ctx context.Context, user, password, agent string, remote netip.AddrPort) (share.Grant, error) {
	// A yard that is away keeps no miner out.
	if err := e.log.Behind(); err != nil && e.conn.IsConnected() {
		return share.Grant{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, authTimeout)
	defer cancel()
	var a authorizeAnswer
	err := hashyard.Unavailable.Errorf("the line is down")
	if e.conn.IsConnected() {
		err = e.ask(ctx, verbAuthorize, authorizeAsk{user, password, agent, remote.String()}, &a)
	}
	kind, _ := hashyard.KindOf(err)
	switch {
	case err == nil:
		hashyard.Hit(hashyard.AtEdgeGrant)
		e.grants.put(user, password, a.Grant)
		return a.Grant, nil
	case refuses(kind):
		e.grants.drop(user)
		return share.Grant{}, err
	}
	g, cerr := e.grants.get(user, password)
	if cerr != nil {
		return share.Grant{}, fmt.Errorf("%w (%w)", cerr, err)
	}
	return g, nil
}

// authTimeout leaves the cache its turn before the miner gives up.
const authTimeout = 2 * time.Second

// keepGrants asks for the standing of those who mine, and writes the cache.
func (e *Edge) keepGrants(ctx context.Context) error {
	var asked time.Time
	for ctx.Err() == nil {
		wait(ctx, time.Second)
		e.mu.Lock()
		back := e.helloed.Sub(asked) > standingEvery
		e.mu.Unlock()
		if back {
			if err := e.askStanding(ctx); err != nil {
				e.cfg.Logger.DebugContext(ctx, "standing of workers", "err", err)
			} else {
				asked = time.Now()
			}
		}
		if err := e.grants.save(); err != nil {
			e.cfg.Logger.WarnContext(ctx, "known workers are not kept", "err", err)
		}
	}
	return nil
}

const standingEvery = 30 * time.Second

func (e *Edge) askStanding(ctx context.Context) error {
	seen, users := map[string]bool{}, []string{}
	for _, s := range e.server.Sessions() {
		if !seen[s.User] {
			seen[s.User], users = true, append(users, s.User)
		}
	}
	asks := e.grants.asked(users)
	for len(asks) > 0 {
		n := min(len(asks), maxStanding)
		var answers []standingAnswer
		once, cancel := context.WithTimeout(ctx, 2*askTimeout)
		err := e.ask(once, verbStanding, asks[:n], &answers)
		cancel()
		if err != nil {
			return err
		}
		for _, a := range answers {
			e.follow(a)
		}
		asks = asks[n:]
	}
	return nil
}

// follow does what the yard now says about a worker.
func (e *Edge) follow(a standingAnswer) {
	e.grants.mu.Lock()
	k, ok := e.grants.by[strings.ToLower(a.User)]
	e.grants.mu.Unlock()
	switch {
	case !ok:
	case a.Gone != "":
		e.grants.drop(a.User)
		e.server.CloseWorker(k.Grant.Worker, a.Gone)
	case a.Grant.PerMinute != k.Grant.PerMinute || a.Grant.Proof != k.Grant.Proof || a.Grant.Start != k.Grant.Start:
		e.grants.change(k.Grant.Worker, a.Grant)
		e.server.Retarget(k.Grant.Worker, a.Grant)
	}
}

// sessionOpened tells the yard; it hears of the session again in the report.
func (e *Edge) sessionOpened(ctx context.Context, i stratum.Info) {
	ctx, cancel := context.WithTimeout(ctx, authTimeout)
	defer cancel()
	if err := e.ask(ctx, verbOpened, Session(i), nil); err != nil {
		e.cfg.Logger.DebugContext(ctx, "session not announced", "err", err)
	}
}

// interrupted tells the yard that work was turned away here, not too often.
func (e *Edge) interrupted(reason string) {
	e.mu.Lock()
	due, name := time.Since(e.told) > time.Second, e.hello.Name
	if due {
		e.told = time.Now()
	}
	e.mu.Unlock()
	if !due {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		defer cancel()
		if err := e.ask(ctx, verbInterrupted, interruptedAsk{"edge " + name + ": " + reason}, nil); err != nil {
			e.cfg.Logger.DebugContext(ctx, "interruption not told", "err", err)
		}
	}()
}

// Session is a session as the accounts see it.
func Session(s stratum.Info) pool.Session {
	return pool.Session{
		ID: s.ID, Account: s.Account, Worker: s.Worker, Unit: s.Unit, User: s.User, Agent: s.Agent, Device: s.Device, Remote: s.Remote.String(),
		Opened: s.Opened, LastShare: s.LastShare, Difficulty: s.Difficulty, PerMinute: s.PerMinute,
		Secret: s.Secret, Proof: s.Proof, Accepted: s.Accepted, Refused: s.Refused, Work: s.Work,
	}
}
