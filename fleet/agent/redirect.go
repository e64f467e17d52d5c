package agent

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"hashyard"
	"hashyard/firmware"
	"hashyard/fleet"
)

var (
	errNobody = errors.New("no firmware family claims this machine")
	errMoved  = errors.New("another machine answers at the address now")
)

// redirectWithin bounds one redirect, below the yard's lease.
const redirectWithin = 165 * time.Second

// tries is how often a redirect begins anew when the machine closed the
// session before anything was written.
const tries = 3

// redirect points one machine at new pools and gathers the evidence. Before a
// write the machine's identity is read on the very connection that carries the
// write, so that no other machine can be written to.
func (a *Agent) redirect(ctx context.Context, e *entry, order fleet.RedirectOrder) fleet.Result {
	ctx, cancel := context.WithTimeout(ctx, redirectWithin)
	defer cancel()
	var res fleet.Result
	for n := 1; ; n++ {
		res = fleet.Result{SiteID: a.welcome.SiteID, Epoch: e.Epoch}
		// The last try also takes machines that close each web connection.
		err := a.attempt(ctx, e, order, n < tries, &res)
		if err == nil {
			return res
		}
		res.Error, res.Transient = err.Error(), transient(err)
		// After an acknowledgement or an unknown write only the read-back counts.
		if n == tries || res.Ack != nil || !errors.Is(err, errSessionLost) || !pause(ctx, time.Second) {
			return res
		}
	}
}

// transient reports failures that may pass by themselves.
func transient(err error) bool {
	return errors.Is(err, hashyard.Unavailable) || errors.Is(err, errSessionLost) || errors.Is(err, errMoved) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// where prefers the agent's own last sighting of the serial to the address the
// yard knows.
func (a *Agent) where(order fleet.RedirectOrder) (netip.Addr, error) {
	if addr, ok := a.herd.addressOf(order.Serial); ok {
		return addr, nil
	}
	addr, err := netip.ParseAddr(order.Address)
	if err != nil || !a.scanner.Contains(addr) {
		return addr, hashyard.Denied.Errorf("address %.40q is not in the site's network", order.Address)
	}
	return addr, nil
}

func (a *Agent) attempt(ctx context.Context, e *entry, order fleet.RedirectOrder, strict bool, res *fleet.Result) error {
	addr, err := a.where(order)
	if err != nil {
		return err
	}
	res.Address = addr.String()
	sess, err := a.session(ctx, addr, order, strict)
	if err != nil {
		return err
	}
	defer sess.close()
	id, err := sess.identify(ctx)
	if err != nil {
		return fmt.Errorf("read identity: %w", err)
	}
	res.Identity, res.IdentityAt = &id, a.now()
	if bad := fleet.MismatchOf(order.Serial, order.MAC, order.Boards, id); bad != "" {
		return hashyard.Conflict.Errorf("%s", bad)
	}
	if lock, ok := sess.device.(firmware.PoolLockReader); ok {
		l, err := lock.PoolLock(ctx)
		if err != nil {
			return fmt.Errorf("read pool lock: %w", err)
		}
		if res.Lock = &l; l.State == firmware.LockOn {
			return hashyard.Conflict.Errorf("the pool lock is on")
		}
	}
	conf, ok := sess.device.(firmware.PoolConfigReader)
	if !ok {
		return hashyard.Invalid.Errorf("pools of this firmware cannot be read back")
	}
	writer, ok := sess.device.(firmware.PoolWriter)
	if !ok {
		return hashyard.Invalid.Errorf("pools of this firmware cannot be written")
	}
	res.SlotCount = writer.PoolSlots()
	now, err := conf.PoolConfig(ctx)
	if err != nil {
		return fmt.Errorf("read old pools: %w", err)
	}
	if err := a.keepSnapshot(e, now); err != nil {
		return err
	}
	hashyard.Hit(hashyard.AtAgentSnapshot)
	res.Snapshot, res.SnapshotAt = e.Snapshot, a.now()
	werr := a.write(ctx, writer, order, now, res)
	if werr != nil && (!transient(werr) || errors.Is(werr, errSessionLost)) {
		return werr
	}
	sess.release()
	if werr != nil {
		// The answer was lost, perhaps not the write: the slots will tell.
		got, err := conf.PoolConfig(ctx)
		if err != nil || len(firmware.ComparePools(order.Slots, got)) > 0 {
			return werr
		}
		res.Ack = &firmware.Acknowledgement{At: a.now(), Message: "no answer, but the slots are set"}
	}
	return a.readBack(ctx, conf, order, res, sess)
}

// keepSnapshot puts the old pools on disk before the first write; a later
// attempt would only find our own.
func (a *Agent) keepSnapshot(e *entry, now []firmware.ConfiguredPool) error {
	if e.Snapshot != nil {
		return nil
	}
	e.Snapshot = now
	return a.journal.save(*e)
}

// write sets the slots unless they are as wanted already, passwords included.
func (a *Agent) write(ctx context.Context, w firmware.PoolWriter, order fleet.RedirectOrder, now []firmware.ConfiguredPool, res *fleet.Result) error {
	known := !slices.ContainsFunc(now, func(p firmware.ConfiguredPool) bool { return !p.PasswordKnown })
	if known && len(firmware.ComparePools(order.Slots, now)) == 0 {
		res.Ack = &firmware.Acknowledgement{At: a.now(), Message: "all slots were set already"}
		return nil
	}
	hashyard.Hit(hashyard.AtAgentWrite)
	ack, err := w.SetPools(ctx, order.Slots)
	hashyard.Hit(hashyard.AtAgentWritten)
	if err != nil {
		return fmt.Errorf("write pools: %w", err)
	}
	res.Ack = &ack
	return nil
}

// readBack reads the slots until they are as wanted or the machine had time
// enough. What it reads is reported either way; the yard compares.
func (a *Agent) readBack(ctx context.Context, conf firmware.PoolConfigReader, order fleet.RedirectOrder, res *fleet.Result, sess *session) error {
	end := a.now().Add(a.cfg.Settle)
	var last, unread error // of the slots, of the running pools
	for {
		var got []firmware.ConfiguredPool
		if got, last = conf.PoolConfig(ctx); last == nil {
			res.ReadBack, res.ReadBackAt = got, a.now()
			// Slots and running pools are of the same moment or none.
			res.Running, unread = sess.device.Pools(ctx)
			if unread == nil && len(firmware.ComparePools(order.Slots, got)) == 0 && settled(order.Slots, res.Running) {
				return a.sameMachine(ctx, sess, order, res)
			}
		}
		if a.now().After(end) || !pause(ctx, 500*time.Millisecond) {
			break
		}
	}
	if last != nil {
		return fmt.Errorf("read back: %w", last)
	}
	if err := a.sameMachine(ctx, sess, order, res); err != nil {
		return err
	}
	if unread != nil {
		return fmt.Errorf("read running pools within %s: %w", a.cfg.Settle, unread)
	}
	return nil
}

// settled reports whether the mining process has taken the new pools over: it
// has the first, and no other than the wanted.
func settled(want []firmware.PoolSetting, running []firmware.Pool) bool {
	if len(want) > 0 && !slices.ContainsFunc(running, func(p firmware.Pool) bool { return p.URL == want[0].URL && p.User == want[0].User }) {
		return false
	}
	for _, p := range running {
		if p.URL != "" && !slices.ContainsFunc(want, func(w firmware.PoolSetting) bool { return w.URL == p.URL && w.User == p.User }) {
			return false
		}
	}
	return true
}

// sameMachine makes sure that what was read back is of the machine that was
// written to; else it is no evidence at all.
func (a *Agent) sameMachine(ctx context.Context, sess *session, order fleet.RedirectOrder, res *fleet.Result) error {
	id, err := sess.device.Identity(ctx)
	if err == nil {
		if bad := fleet.MismatchOf(order.Serial, order.MAC, order.Boards, id); bad != "" {
			err = fmt.Errorf("after the write: %s: %w", bad, errMoved)
		}
	}
	if err != nil {
		res.ReadBack, res.Running = nil, nil
	}
	return err
}
