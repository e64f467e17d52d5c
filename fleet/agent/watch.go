package agent

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"hashyard/firmware"
	"hashyard/fleet"
)

// beast is one machine that answers at an address.
type beast struct {
	addr    netip.Addr
	verdict firmware.Verdict
	device  firmware.Device // kept: it remembers how to sign in
	serial  string
	busy    bool // a goroutine is reading it
	missed  int  // sweeps or reads in a row that found nothing
	dueAt   time.Time
}

// herd is what the agent sees. Its fields are guarded by mu; a busy beast's
// device belongs to the goroutine that reads it.
type herd struct {
	mu sync.Mutex // guards at
	at map[netip.Addr]*beast
}

// addressOf is where a serial was seen last.
func (h *herd) addressOf(serial string) (netip.Addr, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for a, b := range h.at {
		if b.serial != "" && b.serial == serial && b.missed == 0 {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// watch sweeps the network and reads machines until ctx ends. A slow machine
// holds up nobody: it is read by a goroutine of its own.
func (a *Agent) watch(ctx context.Context) error {
	a.herd.at = map[netip.Addr]*beast{}
	every := time.Duration(a.welcome.ScanEveryMS) * time.Millisecond
	readEvery := time.Duration(a.welcome.ReadEveryMS) * time.Millisecond
	tick := time.NewTicker(max(min(every, readEvery)/4, 50*time.Millisecond))
	defer tick.Stop()
	slots := make(chan struct{}, a.cfg.Readers)
	var wg sync.WaitGroup
	defer wg.Wait()
	var swept time.Time
	for {
		if now := a.now(); now.Sub(swept) >= every {
			swept = now
			alive, err := a.scanner.Sweep(ctx)
			if err != nil {
				return nil // ctx ended
			}
			a.spool.lost(a.herd.meet(alive, a.now())...)
		}
		for _, b := range a.herd.due(a.now(), readEvery) {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return nil
			}
			wg.Go(func() {
				defer func() { <-slots }()
				a.read(ctx, b)
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// goneAfter is how many sweeps in a row a machine may miss: one lost packet is
// no reason to call it gone.
const goneAfter = 2

// meet takes in the result of a sweep and names the machines that are gone.
func (h *herd) meet(alive []netip.Addr, now time.Time) []fleet.Gone {
	h.mu.Lock()
	defer h.mu.Unlock()
	here := map[netip.Addr]bool{}
	for _, addr := range alive {
		here[addr] = true
		if b := h.at[addr]; b == nil {
			h.at[addr] = &beast{addr: addr, dueAt: now}
		} else if b.missed > 0 {
			b.dueAt = now // back again, perhaps another one
		}
	}
	var gone []fleet.Gone
	for addr, b := range h.at {
		if here[addr] || b.busy {
			continue
		}
		if b.missed++; b.missed >= goneAfter {
			delete(h.at, addr)
			if b.serial != "" {
				gone = append(gone, fleet.Gone{At: now, Address: addr.String(), Serial: b.serial})
			}
		}
	}
	return gone
}

// due takes the machines whose reading is due and marks them busy.
func (h *herd) due(now time.Time, every time.Duration) []*beast {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*beast
	for _, b := range h.at {
		if !b.busy && !b.dueAt.After(now) {
			b.busy, b.dueAt = true, now.Add(every)
			out = append(out, b)
		}
	}
	return out
}

// done ends a reading and says which serial was at the address before. A
// failed one has its machine identified anew.
func (h *herd) done(b *beast, serial string, ok bool) (before string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b.busy, before = false, b.serial
	if ok {
		b.serial, b.missed = serial, 0
	} else {
		b.device, b.verdict = nil, firmware.Verdict{}
	}
	return before
}

// readWithin bounds all requests of one reading: slow machines take up to
// three seconds for each of a dozen.
const readWithin = time.Minute

// read identifies a machine if need be, then reads who it is and how it is.
func (a *Agent) read(ctx context.Context, b *beast) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	g, err := a.sight(ctx, b)
	before := a.herd.done(b, g.Identity.Serial, err == nil)
	if err != nil {
		a.log.DebugContext(ctx, "machine not read", "address", b.addr.String(), "error", err)
		return
	}
	if before != "" && before != g.Identity.Serial {
		a.spool.lost(fleet.Gone{At: g.At, Address: g.Address, Serial: before})
	}
	a.spool.add(g)
}

func (a *Agent) sight(ctx context.Context, b *beast) (fleet.Sighting, error) {
	g := fleet.Sighting{Address: b.addr.String()}
	if b.device == nil {
		v, err := a.scanner.Identify(ctx, b.addr)
		if err != nil {
			return g, err
		}
		if v.Family == "" {
			return g, errNobody
		}
		d, err := a.scanner.Open(ctx, v.Family, a.scanner.Target(b.addr))
		if err != nil {
			return g, err
		}
		b.device, b.verdict = d, v
	}
	g.Score, g.Because = b.verdict.Score, b.verdict.Claims[b.verdict.Family].Because
	// The identity is read every time: addresses move, and a reading must not
	// be put down to whoever had the address before.
	id, err := b.device.Identity(ctx)
	if err != nil {
		return g, err
	}
	id.Serial = fleet.NormalSerial(id.Serial)
	id.Family = b.verdict.Family
	r, err := b.device.Reading(ctx)
	if err != nil {
		r = firmware.Reading{At: a.now(), Unread: []string{"reading: " + err.Error()}}
	}
	if conf, ok := b.device.(firmware.PoolConfigReader); ok {
		slots, err := conf.PoolConfig(ctx)
		if err != nil {
			r.Unread = append(r.Unread, "pool config: "+err.Error())
		}
		for _, s := range slots {
			s.Password = "" // the yard keeps passwords of redirects only
			g.Slots = append(g.Slots, s)
		}
	}
	g.At, g.Identity, g.Reading = a.now(), id, &r
	return g, nil
}
