package journey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hashyard"
)

// redirected: the buyer's agent finds the machines at their new address and
// points them at the pool; what it says is compared with what the machines
// themselves say. A machine that keeps old slots is reported failed.
func (p *play) redirected(ctx context.Context) (string, error) {
	var said string
	for _, m := range []*machine{p.good, p.weak} {
		r, err := p.redirectOf(ctx, m)
		if err != nil {
			return "", err
		}
		if err := p.checkSlots(ctx, m, r); err != nil {
			return "", err
		}
		if m == p.good {
			var steps []string
			for _, s := range r.Steps {
				steps = append(steps, s.State)
			}
			said = fmt.Sprintf("%s at %s: %s · %d old slots kept", m.Serial, r.Address, strings.Join(steps, " → "), len(r.OldSlots))
		}
	}
	reason, err := p.stubbornly(ctx)
	if err != nil {
		return "", err
	}
	return said + " · stubborn " + p.stubborn.Serial + " failed: " + reason, nil
}

// redirectOf waits until the machine's automatic redirect is through.
func (p *play) redirectOf(ctx context.Context, m *machine) (redirectView, error) {
	var r redirectView
	err := until(ctx, p.cfg.Wait, func() error {
		var err error
		if r, err = p.newestRedirect(ctx, m.unit); err != nil {
			return err
		}
		if r.State != "read_back_equal" && r.State != "hashing" {
			return notYet("the redirect of %s is %s %s", m.Serial, r.State, r.Reason)
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	for _, s := range []string{"identity_checked", "snapshotted", "acknowledged", "read_back_equal"} {
		if !r.passed(s) {
			return r, fmt.Errorf("the redirect of %s is %s without having been %s", m.Serial, r.State, s)
		}
	}
	if !r.Redirected || r.Address != m.Address && !strings.HasPrefix(r.Address, m.Address+":") {
		return r, fmt.Errorf("the redirect of %s went to %s, the machine is at %s", m.Serial, r.Address, m.Address)
	}
	return r, nil
}

func (p *play) newestRedirect(ctx context.Context, unit hashyard.ID) (redirectView, error) {
	var page list[redirectView]
	if err := p.as["buyer.operator"].get(ctx, "/api/v1/redirects?unit="+unit.String(), &page); err != nil {
		return redirectView{}, err
	}
	if len(page.Items) == 0 {
		return redirectView{}, notYet("no redirect of unit %s", unit)
	}
	return page.Items[0], nil
}

// checkSlots reads the machine's own configuration: the first slot is the
// unit's worker at our pool with a secret, the others are empty, and what they
// were is known.
func (p *play) checkSlots(ctx context.Context, m *machine, r redirectView) error {
	conf, err := p.configured(ctx, m)
	if err != nil {
		return err
	}
	if len(conf) != 3 || len(r.Wanted) == 0 {
		return fmt.Errorf("%s has %d slots, %d were wanted", m.Serial, len(conf), len(r.Wanted))
	}
	first, user := conf[0], r.Wanted[0].User
	if first.URL != p.params.StratumURL || first.User != user || !strings.HasPrefix(user, p.buyer.Slug+".") {
		return fmt.Errorf("slot 1 of %s is %s as %s; wanted %s as %s", m.Serial, first.URL, first.User, p.params.StratumURL, user)
	}
	if len(first.Password) < 12 || m == p.weak && first.Password == p.good.secret {
		return fmt.Errorf("slot 1 of %s has a password of %d characters that is no secret of its own", m.Serial, len(first.Password))
	}
	if conf[1] != (poolConf{}) || conf[2] != (poolConf{}) {
		return fmt.Errorf("slots 2 and 3 of %s are not empty: %s, %s", m.Serial, conf[1].URL, conf[2].URL)
	}
	m.user, m.secret = user, first.Password
	var before, kept []slotView
	for i, s := range m.Slots {
		before = append(before, slotView{i + 1, s.URL, s.User})
	}
	kept = append(kept, r.OldSlots...)
	if !slices.Equal(before, kept) {
		return fmt.Errorf("%s had the pools %v; kept are %v", m.Serial, before, kept)
	}
	return nil
}

// stubbornly has the machine redirected that keeps its second and third slot.
func (p *play) stubbornly(ctx context.Context) (string, error) {
	m := p.stubborn
	operator := p.as["buyer.operator"]
	var mv minerView
	err := until(ctx, p.cfg.Wait, func() (err error) {
		mv, err = p.seen(ctx, "buyer.operator", m)
		return err
	})
	if err != nil {
		return "", err
	}
	m.unit = mv.UnitID
	var r redirectView
	if err := operator.post(ctx, "/api/v1/miners/"+mv.ID.String()+"/redirect", map[string]any{}, &r); err != nil {
		return "", err
	}
	id := r.ID
	err = until(ctx, p.cfg.Wait, func() error {
		r = redirectView{}
		if err := operator.get(ctx, "/api/v1/redirects/"+id.String(), &r); err != nil {
			return err
		}
		if r.Redirected {
			return fmt.Errorf("%s keeps its old slots and is shown as redirected", m.Serial)
		}
		if r.State != "failed" {
			return notYet("the redirect of %s is %s", m.Serial, r.State)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if !strings.Contains(r.Reason, "slot 2") || !strings.Contains(r.Reason, "slot 3") {
		return "", fmt.Errorf("the redirect of %s failed without naming slots 2 and 3: %s", m.Serial, r.Reason)
	}
	conf, err := p.configured(ctx, m)
	if err != nil {
		return "", err
	}
	for i := 1; i < 3; i++ {
		if len(conf) != 3 || len(m.Slots) != 3 || conf[i].URL != m.Slots[i].URL {
			return "", fmt.Errorf("slots of %s are %v; a stubborn machine keeps those after the first of %v", m.Serial, conf, m.Slots)
		}
	}
	if _, err := p.event(ctx, "buyer.operator", m.unit, hashyard.EvMinerRedirected); !errors.Is(err, errNotYet) {
		return "", wanted(err, "the life line of %s says that it was redirected", m.Serial)
	}
	return r.Reason, nil
}
