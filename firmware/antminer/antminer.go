// Package antminer speaks to stock Antminer firmware: the read-only RPC of
// bmminer/cgminer on 4028 and the CGI scripts behind HTTP digest sign-in. It
// owns no state but the last digest challenge. A Device may be used by several
// goroutines; the machine itself serves one write at a time.
package antminer

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"hashyard"
	"hashyard/firmware"
	"hashyard/firmware/cgminer"
)

// Name is the family's name.
const Name = "antminer"

// Slots is the number of pool slots of every stock Antminer.
const Slots = 3

// Device is one stock Antminer.
type Device struct {
	rpc *cgminer.Client
	web *web
	now func() time.Time
}

// The capabilities of a stock Antminer.
var (
	_ firmware.Device           = (*Device)(nil)
	_ firmware.PoolConfigReader = (*Device)(nil)
	_ firmware.PoolWriter       = (*Device)(nil)
	_ firmware.PoolLockReader   = (*Device)(nil)
)

// Open makes a device for the target without speaking to it.
func Open(_ context.Context, t firmware.Target) (firmware.Device, error) {
	t, err := t.Ready()
	if err != nil {
		return nil, err
	}
	rpc, err := cgminer.NewClient(t)
	if err != nil {
		return nil, err
	}
	return &Device{rpc: rpc, web: newWeb(t), now: t.Now}, nil
}

// Family registers stock Antminer.
func Family() firmware.Family { return firmware.Family{Claims: Claims, Open: Open} }

// Claims weighs the evidence for stock firmware. Third-party firmware answers
// like it in part, so any sign of one rules stock out.
func Claims(ev firmware.Evidence) firmware.Claim {
	var c firmware.Claim
	if ev.RPC != nil {
		typ := ev.RPC.Version["Type"]
		if other := thirdParty(ev.RPC); other != "" {
			return firmware.Claim{Because: []string{"third-party firmware: " + other}}
		}
		if strings.HasPrefix(strings.ToLower(typ), "antminer") {
			c.Add(40, "rpc type "+typ)
		}
		if _, ok := ev.RPC.Version["BMMiner"]; ok {
			c.Add(10, "rpc miner is BMMiner")
		}
	}
	if ev.Web != nil && strings.HasPrefix(strings.ToLower(ev.Web.Realm), "antminer") {
		c.Add(50, "web realm "+ev.Web.Realm)
	}
	return c
}

func thirdParty(ev *firmware.RPCEvidence) string {
	for key := range ev.Version {
		k := strings.ToLower(key)
		for _, other := range []string{"bosminer", "boser", "luxminer", "gcminer", "btminer"} {
			if strings.HasPrefix(k, other) {
				return key
			}
		}
	}
	text := strings.ToLower(ev.Version["Type"] + " " + ev.Description + " " + ev.Version["CompileTime"])
	for _, other := range []string{"vnish", "hiveon", "asicseer", "braiins", "luxminer", "bosminer", "chipless", "blissz"} {
		if strings.Contains(text, other) {
			return other
		}
	}
	return ""
}

// Identity reads get_system_info.cgi, and the board serials where this release
// shows them in stats.cgi.
func (d *Device) Identity(ctx context.Context) (firmware.Identity, error) {
	info, err := d.web.get(ctx, "/cgi-bin/get_system_info.cgi")
	if err != nil {
		return firmware.Identity{}, err
	}
	id := firmware.Identity{
		Family:   Name,
		Serial:   cgminer.Serial(info.First("serinum", "serial_no").Text()),
		MAC:      cgminer.MAC(info.Get("macaddr").Text()),
		Model:    strings.TrimSpace(info.Get("minertype").Text()),
		Firmware: strings.TrimSpace(info.Get("system_filesystem_version").Text()),
		Hostname: strings.TrimSpace(info.Get("hostname").Text()),
	}
	stats, err := d.web.get(ctx, "/cgi-bin/stats.cgi")
	if errors.Is(err, hashyard.NotFound) {
		return id, nil // older releases have no such script
	}
	if err != nil {
		return firmware.Identity{}, err
	}
	for _, b := range webBoards(stats) {
		id.Boards = append(id.Boards, firmware.Board{Slot: b.Slot, Serial: b.Serial})
	}
	return id, nil
}

// Reading asks the RPC for stats, summary and pools and the web for the
// boards' serials, all at once because slow machines take seconds for each.
func (d *Device) Reading(ctx context.Context) (firmware.Reading, error) {
	var (
		wg                    sync.WaitGroup
		stats, summary, pools cgminer.Reply
		chains                cgminer.Value
		errs                  [4]error
	)
	wg.Go(func() { stats, errs[0] = d.rpc.Do(ctx, "stats") })
	wg.Go(func() { summary, errs[1] = d.rpc.Do(ctx, "summary") })
	wg.Go(func() { pools, errs[2] = d.rpc.Do(ctx, "pools") })
	wg.Go(func() { chains, errs[3] = d.web.get(ctx, "/cgi-bin/stats.cgi") })
	wg.Wait()
	if errs[0] != nil && errs[1] != nil && errs[2] != nil && errs[3] != nil {
		return firmware.Reading{}, errors.Join(errs[:]...)
	}
	now := d.now()
	r := FromStats(stats)
	r.At = now
	fromSummary(&r, summary)
	mergeWeb(&r, chains)
	if errs[2] == nil {
		r.Pools, errs[2] = cgminer.PoolList(pools, now)
	}
	for i, name := range []string{"stats", "summary", "pools", "stats.cgi"} {
		if errs[i] != nil {
			r.Unread = append(r.Unread, name+": "+errs[i].Error())
		}
	}
	return r, nil
}

// Pools lists the running pools.
func (d *Device) Pools(ctx context.Context) ([]firmware.Pool, error) {
	r, err := d.rpc.Do(ctx, "pools")
	if err != nil {
		return nil, err
	}
	return cgminer.PoolList(r, d.now())
}
