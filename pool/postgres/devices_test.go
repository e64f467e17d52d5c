package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/pool"
	"hashyard/pool/share"
)

func TestDevicesAreRemembered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b := h.tenant("one"), h.tenant("two")
	unit := hashyard.NewID()
	m := h.machine(a, unit)
	session := func(after time.Duration, d share.Device) {
		t.Helper()
		err := h.svc.SessionOpened(t.Context(), pool.Session{
			ID: hashyard.NewID(), Account: a.ID, Worker: m.Worker, Unit: unit, User: m.User, Agent: "cgminer/4.12", Device: d,
			Opened: h.clock().Add(after), Secret: true,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	known := share.Device{HWID: "hwid-1", HWVersion: "S19", SWVersion: "1.0", URL: "stratum+tcp://a"}
	moved := known
	moved.URL = "stratum+tcp://b"
	session(0, known)
	session(time.Minute, moved)
	session(30*time.Second, share.Device{HWID: "hwid-2", SWVersion: strings.Repeat("x", 100)})
	rows := func() int64 { return h.count("SELECT count(*) FROM pool_devices") }
	h.run(h.svc, "two devices", func() bool { return rows() == 2 })
	session(-time.Minute, known) // told late: it is neither the newest nor lost
	first := h.clock().Add(-time.Minute)
	h.run(h.svc, "an earlier first time", func() bool {
		return h.count("SELECT count(*) FROM pool_devices WHERE first_at = $1", first) == 1
	})
	for name, q := range map[string]pool.DeviceQuery{"worker": {Worker: m.Worker}, "unit": {Unit: unit}} {
		got, err := h.svc.Devices(t.Context(), a.actor, q)
		if err != nil || len(got) != 2 {
			t.Fatalf("by %s: %+v, %v", name, got, err)
		}
		if d := got[0]; d.Device != moved || d.User != m.User || d.Worker != m.Worker || d.Agent != "cgminer/4.12" || !d.First.Equal(first) || !d.Last.After(first) {
			t.Errorf("by %s: %+v", name, d)
		}
		if d := got[1]; d.HWID != "hwid-2" || len(d.SWVersion) != share.MaxDeviceText {
			t.Errorf("by %s: %+v", name, d)
		}
		if _, err := h.svc.Devices(t.Context(), b.actor, q); !errors.Is(err, hashyard.NotFound) {
			t.Errorf("by %s, somebody else: %v", name, err)
		}
	}
	if _, err := h.svc.Devices(t.Context(), a.actor, pool.DeviceQuery{}); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("of nobody: %v", err)
	}
}

func TestDevicesOfAWorkerAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	m := h.machine(h.tenant("one"), hashyard.NewID())
	now := h.clock()
	var all []pool.Device
	for i := range pool.MaxDevices + 10 {
		at := now.Add(time.Duration(i) * time.Second)
		all = append(all, pool.Device{Worker: m.Worker, Device: share.Device{HWID: fmt.Sprint(i)}, First: at, Last: at})
	}
	all = append(all, pool.Device{Worker: hashyard.NewID(), First: now, Last: now}) // of nobody any more
	for range 2 {
		if err := h.store.PutDevices(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		if n := h.count("SELECT count(*) FROM pool_devices WHERE hw_id::int >= 10"); n != pool.MaxDevices {
			t.Fatalf("%d devices are kept", n)
		}
	}
}
