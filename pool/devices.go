package pool

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"hashyard"
	"hashyard/pool/share"
)

// Device is what a machine said of itself while it was connected as a worker.
type Device struct {
	Worker hashyard.ID
	User   string // the worker's; set by reads
	Agent  string // as it called its software when it subscribed
	share.Device
	First, Last time.Time // when a session of it was opened
}

// MaxDevices is how many devices are remembered of one worker: those that
// connected last.
const MaxDevices = 256

// maxNotedDevices bounds what waits to be stored.
const maxNotedDevices = 8192

// deviceKey is what makes two devices of a worker different ones.
type deviceKey struct {
	worker                            hashyard.ID
	hwID, hwVersion, swVersion, agent string
}

func (d Device) key() deviceKey {
	return deviceKey{d.Worker, d.HWID, d.HWVersion, d.SWVersion, d.Agent}
}

// notedDevices wait to be stored, many in one transaction: after a restart all
// machines come back at once.
type notedDevices struct {
	mu sync.Mutex // guards of
	of map[deviceKey]Device
}

func (n *notedDevices) add(d Device) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.of == nil {
		n.of = map[deviceKey]Device{}
	}
	k := d.key()
	was, known := n.of[k]
	switch {
	case known:
		if was.First.Before(d.First) {
			d.First = was.First
		}
		if was.Last.After(d.Last) {
			d.Last, d.URL = was.Last, was.URL
		}
	case len(n.of) >= maxNotedDevices:
		return // it will come again
	}
	n.of[k] = d
}

// take gives all, in one order for every transaction: they cannot deadlock.
func (n *notedDevices) take() []Device {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([]Device, 0, len(n.of))
	for _, d := range n.of {
		out = append(out, d)
	}
	n.of = nil
	slices.SortFunc(out, func(a, b Device) int {
		return cmp.Or(slices.Compare(a.Worker[:], b.Worker[:]), strings.Compare(a.HWID, b.HWID),
			strings.Compare(a.HWVersion, b.HWVersion), strings.Compare(a.SWVersion, b.SWVersion), strings.Compare(a.Agent, b.Agent))
	})
	return out
}

// noteDevice keeps what a session tells of its machine, to be stored soon.
func (s *Service) noteDevice(ses Session) {
	if ses.Worker.IsZero() || (ses.Device == share.Device{} && ses.Agent == "") {
		return
	}
	at := ses.Opened.UTC()
	d := Device{Worker: ses.Worker, Agent: ses.Agent, Device: ses.Device, First: at, Last: at}
	for _, text := range []*string{&d.Agent, &d.HWID, &d.HWVersion, &d.SWVersion, &d.URL} {
		*text = (*text)[:min(len(*text), share.MaxDeviceText)] // one that the table refuses would hold up all others
	}
	s.devices.add(d)
}

// storeDevices is a chore: what could not be stored is kept.
func (s *Service) storeDevices(ctx context.Context) error {
	noted := s.devices.take()
	if len(noted) == 0 {
		return nil
	}
	if err := s.store.PutDevices(ctx, noted); err != nil {
		for _, d := range noted {
			s.devices.add(d)
		}
		return fmt.Errorf("store %d devices: %w", len(noted), err)
	}
	return nil
}

// DeviceQuery selects devices of a worker or of a unit's workers.
type DeviceQuery struct{ Worker, Unit hashyard.ID }

// Devices are what connected as a worker or unit that the actor may see, newest
// first, at most MaxDevices. One that the actor may not see is
// hashyard.NotFound.
func (s *Service) Devices(ctx context.Context, actor hashyard.Actor, q DeviceQuery) ([]Device, error) {
	if q.Worker.IsZero() == q.Unit.IsZero() {
		return nil, hashyard.Invalid.Errorf("devices: either a worker or a unit")
	}
	return s.store.Devices(ctx, actor, q)
}
