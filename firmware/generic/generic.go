// Package generic speaks to any miner whose RPC is cgminer's, with pools
// changed by its privileged commands (addpool, switchpool, …, save). It owns
// no state. A Device may be used by several goroutines, but two writers at
// once would renumber each other's pools.
package generic

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
const Name = "generic"

// Device is one miner with cgminer's API.
type Device struct {
	rpc *cgminer.Client
	now func() time.Time
}

// The capabilities of a miner with cgminer's API. Its pool passwords cannot be
// read back.
var (
	_ firmware.Device           = (*Device)(nil)
	_ firmware.PoolConfigReader = (*Device)(nil)
	_ firmware.PoolWriter       = (*Device)(nil)
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
	return &Device{rpc: rpc, now: t.Now}, nil
}

// Family registers miners with cgminer's API.
func Family() firmware.Family { return firmware.Family{Claims: Claims, Open: Open} }

// Claims weighs the evidence: any cgminer API is a little, an identity in its
// version reply is more, a maker with a family of its own is less.
func Claims(ev firmware.Evidence) firmware.Claim {
	var c firmware.Claim
	if ev.RPC == nil || ev.RPC.Version["API"] == "" {
		return c
	}
	c.Add(20, "rpc api "+ev.RPC.Version["API"])
	if v, ok := ev.RPC.Version["CGMiner"]; ok {
		c.Add(10, "rpc miner is CGMiner "+v)
	}
	for _, key := range []string{"PROD", "MODEL", "DNA", "MAC"} {
		if ev.RPC.Version[key] != "" {
			c.Add(15, "rpc version names "+key)
		}
	}
	if typ := ev.RPC.Version["Type"]; strings.HasPrefix(strings.ToLower(typ), "antminer") {
		c.Add(-15, "rpc type "+typ+" has a family of its own")
	}
	return c
}

// Identity reads what the version reply says beyond cgminer's own keys, and
// the boards' serials where devs carries them.
func (d *Device) Identity(ctx context.Context) (firmware.Identity, error) {
	version, err := d.rpc.Do(ctx, "version")
	if err != nil {
		return firmware.Identity{}, err
	}
	if cgminer.Truncated(version.Defects) {
		return firmware.Identity{}, hashyard.Unavailable.Errorf("the version reply broke off")
	}
	id := fromVersion(version.First("VERSION"))
	devs, err := d.rpc.Do(ctx, "devs")
	var refused *cgminer.StatusError
	if errors.As(err, &refused) {
		return id, nil // "No ASCs": nothing is plugged in
	}
	if err != nil {
		return firmware.Identity{}, err
	}
	if cgminer.Truncated(devs.Defects) {
		return firmware.Identity{}, hashyard.Unavailable.Errorf("the devs reply broke off")
	}
	for slot, row := range devs.Rows("DEVS") {
		id.Boards = append(id.Boards, firmware.Board{Slot: slot, Serial: boardSerial(row)})
	}
	return id, nil
}

func fromVersion(v cgminer.Value) firmware.Identity {
	return firmware.Identity{
		Family:   Name,
		Serial:   cgminer.Serial(v.First("SN", "Serial", "SERIAL", "Serial Number", "DNA").Text()),
		MAC:      cgminer.MAC(v.First("MAC", "MACAddr").Text()),
		Model:    strings.TrimSpace(v.First("PROD", "MODEL", "Model", "Type").Text()),
		Firmware: strings.TrimSpace(v.First("VERSION", "Miner", "CGMiner", "BFGMiner", "SGMiner").Text()),
	}
}

func boardSerial(row cgminer.Value) string {
	return cgminer.Serial(row.First("PCB SN", "PCB_SN", "SN", "Serial").Text())
}

// Reading asks for summary, devs, stats and pools at once.
func (d *Device) Reading(ctx context.Context) (firmware.Reading, error) {
	names := []string{"summary", "devs", "stats", "pools"}
	replies := make([]cgminer.Reply, len(names))
	errs := make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { replies[i], errs[i] = d.rpc.Do(ctx, name) })
	}
	wg.Wait()
	now := d.now()
	r := firmware.Reading{At: now}
	if errs[3] == nil {
		r.Pools, errs[3] = cgminer.PoolList(replies[3], now)
	}
	failed := 0
	for i, name := range names {
		if errs[i] != nil {
			failed++
			r.Unread = append(r.Unread, name+": "+errs[i].Error())
		}
	}
	if failed == len(names) {
		return firmware.Reading{}, errors.Join(errs...)
	}
	fromSummary(&r, replies[0])
	r.Boards = boards(replies[1])
	fromModules(&r, replies[2])
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
