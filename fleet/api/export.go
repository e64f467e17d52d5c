package api

import (
	"context"
	"math"

	"hashyard"
	"hashyard/fleet"
	"hashyard/web"
)

type fleetCSVInput struct{ MachineFilter }

// fleetCSV is the table of machines as a file, by the same filters. It is read
// at one moment: a list that is sorted by how machines do moves while one
// pages through it.
func (e edge) fleetCSV(ctx context.Context, actor hashyard.Actor, in *fleetCSVInput) (*web.File, error) {
	ms, err := e.svc.AllMachines(ctx, actor, in.query(Paging{}))
	if err != nil {
		return nil, err
	}
	return web.CSVFile("fleet", machinesCSV(ms)), nil
}

// machinesCSV has a line a machine. Units stand in the header: terahashes a
// second, degrees Celsius, watts, seconds. What was not read is empty.
func machinesCSV(ms []fleet.Machine) *web.CSV {
	c := web.NewCSV("id", "unit_id", "serial", "model", "site", "rack", "shelf", "address", "health", "why", "last_seen",
		"verified_ths", "verified_lower_ths", "verified_upper_ths", "verified_over_s", "reported_ths", "nominal_ths", "of_nominal",
		"max_temp_c", "power_w", "pool_url", "pool_slot")
	for _, fm := range ms {
		m := machineOf(fm)
		v := m.Verified
		if v == nil {
			v = &Verified{}
		}
		c.Row(m.ID, m.UnitID, m.Serial, m.Model, m.SiteName, m.Rack, numbered(m.Shelf), m.Address, m.Health, m.Why, m.LastSeen,
			counted(m, v.THs), counted(m, v.LowerTHs), figure(v.UpperTHs, 3), numbered(int(v.Seconds)), figure(m.ReportedTHs, 3), figure(m.NominalTHs, 3),
			figure(m.OfNominal, 4), figure(m.MaxTempC, 1), figure(m.PowerW, 0), m.PoolURL, numbered(m.PoolSlot))
	}
	return c
}

// counted is a figure of the pool, or nothing where it saw no shares.
func counted(m Machine, ths float64) any {
	if m.Verified == nil {
		return ""
	}
	return figure(&ths, 3)
}

// figure is a number of so many decimals, or nothing.
func figure(f *float64, decimals int) any {
	if f == nil {
		return ""
	}
	p := math.Pow10(decimals)
	return math.Round(*f*p) / p
}

// numbered is a number that counts from one, or nothing.
func numbered(n int) any {
	if n == 0 {
		return ""
	}
	return n
}
