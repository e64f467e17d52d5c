package fleet

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"hashyard"
	"hashyard/firmware"
)

// RequestRedirect points a miner of the actor's organisation at our pool. An
// open redirect of the same unit is returned instead of a second one. With
// accept, known differences from what was registered do not stop it; the
// identity is still read again before the write.
func (s *Service) RequestRedirect(ctx context.Context, actor hashyard.Actor, miner hashyard.ID, accept bool) (Redirect, error) {
	m, err := s.ready(ctx, actor, miner, accept)
	if err != nil {
		return Redirect{}, err
	}
	return s.redirect(ctx, actor, m, asked{})
}

// ready says why a machine may not be written to now, or reads it.
func (s *Service) ready(ctx context.Context, actor hashyard.Actor, miner hashyard.ID, accept bool) (Miner, error) {
	m, err := s.store.Miner(ctx, actor, miner)
	if err != nil {
		return m, err
	}
	if m.Org != actor.Org {
		return m, hashyard.Denied.Errorf("miner %s is not your organisation's", miner)
	}
	if m.Identity.Serial == "" {
		return m, hashyard.Conflict.Errorf("the machine at %s gives no serial and cannot be told apart; it is not redirected", m.Address)
	}
	site, err := s.store.Site(ctx, actor, m.Site.String())
	if err != nil {
		return m, err
	}
	if since, online := m.Offline(s.now(), site.OfflineAfter()); !online {
		return m, hashyard.Conflict.Errorf("miner %s is offline since %s", m.Identity.Serial, since.UTC().Format(time.RFC3339))
	}
	c, err := s.claim(ctx, m.Site, &m)
	if err != nil {
		return m, err
	}
	if c.Foreign {
		return m, hashyard.Conflict.Errorf("unit %s is not in your custody", m.Identity.Serial)
	}
	if wrong := strings.Join(c.Mismatches, "; "); wrong != "" && !accept {
		return m, hashyard.Conflict.Errorf("unit %s is not as registered: %s", m.Identity.Serial, wrong)
	}
	return m, nil
}

// asked is what is special about a redirect.
type asked struct {
	id       hashyard.ID // zero: a new one
	wrong    string      // it is not what was expected: the redirect has failed already
	auto     bool        // made because the unit was delivered
	restores hashyard.ID // the redirect whose old pools are written back
}

// redirect makes the redirect, or one that has already failed when the machine
// is not what was expected.
func (s *Service) redirect(ctx context.Context, actor hashyard.Actor, m Miner, ask asked) (Redirect, error) {
	custodian, err := s.units.Custodian(ctx, m.Unit)
	if err != nil {
		return Redirect{}, err
	}
	if custodian != m.Org {
		return Redirect{}, hashyard.Conflict.Errorf("unit %s is not in the custody of the site's organisation", m.Identity.Serial)
	}
	if ask.id.IsZero() {
		ask.id = hashyard.NewID()
	}
	now := s.now().UTC()
	r := Redirect{
		ID: ask.id, Org: m.Org, Site: m.Site, Miner: m.ID, Unit: m.Unit, Restores: ask.restores,
		Serial: m.Identity.Serial, MAC: m.Identity.MAC, Boards: sortedBoards(boardSerials(m.Identity)),
		Address: m.Address, Family: m.Identity.Family,
		State: RedirectRequested, Auto: ask.auto, By: actor.User, CreatedAt: now, AnswerBy: now.Add(s.answer),
		Steps: []Step{{State: RedirectRequested, At: now}},
	}
	want, err := s.want(ctx, actor, r)
	if err != nil {
		return Redirect{}, err
	}
	r.URL, r.Worker = want[0].URL, want[0].User
	var events []hashyard.Event
	if ask.wrong != "" {
		r, events, err = r.Close(now, "identity mismatch: "+ask.wrong+"; nothing was written", false)
	} else {
		events = make([]hashyard.Event, 1)
		events[0], err = r.due()
	}
	if err != nil {
		return r, err
	}
	made, isNew, err := s.store.CreateRedirect(ctx, actor, r, events)
	if err != nil {
		return made, err
	}
	if made.Restores != r.Restores {
		return made, hashyard.Conflict.Errorf("another redirect of unit %s is under way", r.Serial)
	}
	if isNew {
		s.bells.ring(r.Site)
	}
	return made, nil
}

// want is what the slots shall be: our pool in the first and nothing in the
// others, so that no failover leads the work back to the old owner's pool; or
// what they were before another redirect. It always has a first slot.
func (s *Service) want(ctx context.Context, actor hashyard.Actor, r Redirect) ([]firmware.PoolSetting, error) {
	if r.Restores.IsZero() {
		t, err := s.workers.WorkerFor(ctx, r.Unit, r.Org)
		if err != nil {
			return nil, fmt.Errorf("worker of unit %s: %w", r.Unit, err)
		}
		return []firmware.PoolSetting{{URL: t.URL, User: t.User, Password: t.Password}}, nil
	}
	old, err := s.OldPools(ctx, actor, r.Restores)
	if err != nil {
		return nil, err
	}
	return settingsOf(old)
}

// settingsOf turns kept slots into what is written to get them back.
func settingsOf(old []firmware.ConfiguredPool) ([]firmware.PoolSetting, error) {
	out := make([]firmware.PoolSetting, 1)
	for _, p := range old {
		if p.URL != "" && !p.PasswordKnown {
			return nil, hashyard.Conflict.Errorf("slot %d cannot be restored: its firmware hides the password it had", p.Slot+1)
		}
		for len(out) <= p.Slot {
			out = append(out, firmware.PoolSetting{})
		}
		if p.URL != "" {
			out[p.Slot] = p.PoolSetting
		}
	}
	return out, nil
}

// outcome is the event of a redirect that just ended, if it did.
func (r Redirect) outcome(at time.Time) ([]hashyard.Event, error) {
	var ev hashyard.Event
	var err error
	ref := hashyard.Ref{Kind: "redirect", ID: r.ID}
	switch r.State {
	case RedirectEqual, RedirectHashing:
		if !r.Restores.IsZero() {
			return nil, nil // back at its old pools: nothing of ours begins
		}
		ev, err = hashyard.NewEvent(hashyard.EvMinerRedirected, ref, at, hashyard.MinerRedirected{
			Redirect: r.ID, Miner: r.Miner, Unit: r.Unit, Org: r.Org, Site: r.Site,
			URL: r.URL, Worker: r.Worker, Address: r.Address, Slots: r.Slots,
		})
	case RedirectFailed:
		ev, err = hashyard.NewEvent(hashyard.EvRedirectFailed, ref, at, hashyard.RedirectFailed{
			Redirect: r.ID, Miner: r.Miner, Unit: r.Unit, Org: r.Org, Reason: r.Reason,
		})
	default:
		return nil, nil
	}
	ev.Orgs, ev.Units = []hashyard.ID{r.Org}, []hashyard.ID{r.Unit}
	return []hashyard.Event{ev}, err
}

// maxWait bounds a long poll.
const maxWait = 30 * time.Second

// Poll is an agent's question for commands.
type Poll struct {
	Site  hashyard.ID
	Agent hashyard.ID // the same across the agent's restarts
	// Knows are the commands that the agent carries out or has a result of.
	// What was given to this agent and is not among them got lost on the way
	// and is given out again at once; another agent has to wait for the lease.
	Knows []hashyard.ID
	Wait  time.Duration
}

// Commands gives the agent of the site what there is to do, waiting for
// something. The password of a worker is fetched now and never stored.
func (s *Service) Commands(ctx context.Context, actor hashyard.Actor, p Poll) ([]Command, error) {
	site, err := s.store.Site(ctx, actor, p.Site.String())
	if err != nil {
		return nil, err
	}
	end := time.NewTimer(min(max(p.Wait, 0), maxWait))
	defer end.Stop()
	for {
		rung := s.bells.listen(site.ID)
		now := s.now().UTC()
		leased, err := s.store.Lease(ctx, actor, p, 4, LeaseTimes{Now: now, Until: now.Add(s.lease), Again: now.Add(s.pause)})
		if err != nil {
			return nil, err
		}
		// What cannot be given out now is put back for a while: the poll goes on.
		if out, err := s.commands(ctx, actor, leased); err != nil || len(out) > 0 {
			return out, err
		}
		// Another process may have made the command: look again each second.
		again := time.NewTimer(time.Second)
		select {
		case <-rung:
		case <-again.C:
		case <-end.C:
			again.Stop()
			return nil, nil
		case <-ctx.Done():
			again.Stop()
			return nil, nil
		}
		again.Stop()
	}
}

// commands makes what the agent gets of what was leased to it.
func (s *Service) commands(ctx context.Context, actor hashyard.Actor, leased []Leased) ([]Command, error) {
	var out []Command
	for _, l := range leased {
		c, ok, err := s.command(ctx, actor, l)
		if err != nil {
			s.log.WarnContext(ctx, "redirect not sent, will retry", "redirect", l.Redirect.ID, "error", err)
			if err := s.store.Defer(ctx, actor, l.Command, s.now().UTC().Add(s.pause)); err != nil {
				return nil, err
			}
			continue
		}
		if ok {
			out = append(out, c)
		}
	}
	return out, nil
}

// command notes that the redirect is sent and adds the secret; ok is false
// when there is nothing to send any more. Custody is asked again first: asking
// for the worker of a unit that moved on would take it from its new holder.
func (s *Service) command(ctx context.Context, actor hashyard.Actor, l Leased) (c Command, ok bool, err error) {
	r := l.Redirect
	held, err := s.inCustody(ctx, actor, r)
	if err != nil || !held {
		return c, false, err
	}
	want, err := s.want(ctx, actor, r)
	if err != nil {
		return c, false, err
	}
	now := s.now().UTC()
	r, err = s.store.ChangeRedirect(ctx, actor, r.ID, false, func(r Redirect) (Redirect, []hashyard.Event, error) {
		if !r.State.Open() {
			return r, nil, nil
		}
		r, err := r.Send(now, l.Epoch)
		return r, nil, err
	})
	if err != nil || !r.State.Open() {
		return c, false, err
	}
	return Command{
		ID: l.Command, Kind: "redirect", Epoch: l.Epoch, LeasedUntil: l.LeasedUntil,
		Redirect: &RedirectOrder{
			Redirect: r.ID, Unit: r.Unit, Address: l.Address, Family: r.Family,
			Serial: r.Serial, MAC: r.MAC, Boards: r.Boards, Slots: want,
		},
	}, true, nil
}

// inCustody asks whether the redirect's organisation has the unit, and ends
// the redirect when it does not.
func (s *Service) inCustody(ctx context.Context, actor hashyard.Actor, r Redirect) (bool, error) {
	custodian, err := s.units.Custodian(ctx, r.Unit)
	if err != nil {
		return false, fmt.Errorf("custodian of unit %s: %w", r.Unit, err)
	}
	if custodian == r.Org {
		return true, nil
	}
	now := s.now().UTC()
	_, err = s.store.ChangeRedirect(ctx, actor, r.ID, true, func(r Redirect) (Redirect, []hashyard.Event, error) {
		return r.Close(now, custodyMoved, false)
	})
	return false, err
}

// Finish takes an agent's evidence and judges it. The same result again
// changes nothing.
func (s *Service) Finish(ctx context.Context, actor hashyard.Actor, command hashyard.ID, res Result) (Redirect, error) {
	for what, slots := range map[string][]firmware.ConfiguredPool{"snapshot": res.Snapshot, "read-back": res.ReadBack} {
		if err := checkSlots(what, slots); err != nil {
			return Redirect{}, err
		}
	}
	id, done, err := s.store.CommandRedirect(ctx, actor, command)
	if err != nil {
		return Redirect{}, err
	}
	r, err := s.store.Redirect(ctx, actor, id)
	if err != nil {
		return r, err
	}
	if r, err = s.keepSnapshot(ctx, actor, r, res); err != nil || done {
		return r, err
	}
	held, err := s.inCustody(ctx, actor, r)
	if err != nil {
		return r, err
	}
	if !held {
		return s.store.Redirect(ctx, actor, id)
	}
	want, err := s.want(ctx, actor, r)
	if err != nil {
		return r, err
	}
	now := s.now().UTC()
	r, err = s.store.ChangeRedirect(ctx, actor, id, true, func(r Redirect) (Redirect, []hashyard.Event, error) {
		if !r.State.Open() {
			return r, nil, nil
		}
		if want[0].URL != r.URL || want[0].User != r.Worker {
			return r.Close(now, "the unit's worker changed meanwhile", true)
		}
		if r.State == RedirectRequested { // the lease's own note was lost
			var err error
			if r, err = r.Send(now, res.Epoch); err != nil {
				return r, nil, err
			}
		}
		r, err := r.Conclude(res, want, now)
		if err != nil {
			return r, nil, err
		}
		events, err := r.outcome(now)
		return r, events, err
	})
	if errors.Is(err, hashyard.Conflict) {
		return s.store.Redirect(ctx, actor, id) // another delivery of the result was first
	}
	return r, err
}

// keepSnapshot keeps the old pools whatever becomes of the redirect, also when
// its result comes too late: they are the way back.
func (s *Service) keepSnapshot(ctx context.Context, actor hashyard.Actor, r Redirect, res Result) (Redirect, error) {
	if len(res.Snapshot) == 0 || r.OldSealed != nil {
		return r, nil
	}
	if res.Identity != nil && MismatchOf(r.Serial, r.MAC, r.Boards, *res.Identity) != "" {
		return r, nil // another machine's pools are no way back
	}
	sealed, err := s.sealer.seal(r.ID, res.Snapshot)
	if err != nil {
		return r, err
	}
	return s.store.ChangeRedirect(ctx, actor, r.ID, false, func(r Redirect) (Redirect, []hashyard.Event, error) {
		if r.OldSealed == nil {
			r.OldSealed, r.OldSlots = sealed, withoutPasswords(res.Snapshot)
		}
		return r, nil, nil
	})
}

// OldPools opens what the machine was set to before the redirect.
func (s *Service) OldPools(ctx context.Context, actor hashyard.Actor, redirect hashyard.ID) ([]firmware.ConfiguredPool, error) {
	r, err := s.store.Redirect(ctx, actor, redirect)
	if err != nil {
		return nil, err
	}
	if len(r.OldSealed) == 0 {
		return nil, hashyard.NotFound.Errorf("redirect %s kept no old pools", redirect)
	}
	return s.sealer.open(r.ID, r.OldSealed)
}

// bells wake the long polls of a site.
type bells struct {
	mu sync.Mutex // guards c
	c  map[hashyard.ID]chan struct{}
}

// listen returns a channel that the next ring closes.
func (b *bells) listen(site hashyard.ID) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.c == nil {
		b.c = map[hashyard.ID]chan struct{}{}
	}
	if b.c[site] == nil {
		b.c[site] = make(chan struct{})
	}
	return b.c[site]
}

func (b *bells) ring(site hashyard.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.c[site]; c != nil {
		close(c)
		delete(b.c, site)
	}
}
