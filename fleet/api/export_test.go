package api

import (
	"encoding/csv"
	"math"
	"strings"
	"testing"
	"time"

	"hashyard"
	"hashyard/fleet"
	"hashyard/web"
)

// TestFleetCSV: texts that a spreadsheet would run are made safe, numbers stay
// numbers, also below zero, and what was not read is empty.
func TestFleetCSV(t *testing.T) {
	t.Parallel()
	cold, rate := -4.25, 95.5004*hashyard.TH
	seen := time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)
	full := fleet.Machine{
		ID: hashyard.NewID(), Serial: `=HYPERLINK("http://x")`, Model: "@SUM(A1)", SiteName: "+49 Halle", Address: "10.0.0.7",
		Place: fleet.Place{Rack: "-A1", Shelf: 3}, State: "ok", Why: "tab\t|calc", LastSeen: seen,
		Vitals:   fleet.Vitals{Reported: &rate, MaxTemp: &cold, URL: "stratum+tcp://pool:3333", Slot: 1},
		Verified: &fleet.Verified{Estimate: rate, Lower: rate / 2, Upper: hashyard.Hashrate(math.Inf(1)), For: time.Hour},
	}
	bare := fleet.Machine{ID: hashyard.NewID(), State: "unread", LastSeen: seen}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(machinesCSV([]fleet.Machine{full, bare}).Bytes()), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	got := func(line int, column string) string {
		for i, name := range rows[0] {
			if name == column {
				return rows[line][i]
			}
		}
		t.Fatalf("no column %s", column)
		return ""
	}
	for column, want := range map[string]string{
		"serial": full.Serial, "model": full.Model, "site": full.SiteName, "rack": full.Place.Rack,
	} {
		if cell := got(1, column); cell != "'"+want || web.CSVText(cell) != want {
			t.Errorf("%s is %q, want %q made safe", column, cell, want)
		}
	}
	for column, want := range map[string]string{
		"shelf": "3", "last_seen": "2026-11-25T09:30:00Z", "verified_ths": "95.5", "verified_lower_ths": "47.75", "verified_upper_ths": "",
		"verified_over_s": "3600", "reported_ths": "95.5", "nominal_ths": "", "max_temp_c": "-4.3", "pool_slot": "2",
	} {
		if cell := got(1, column); cell != want {
			t.Errorf("%s is %q, want %q", column, cell, want)
		}
	}
	for _, column := range []string{"unit_id", "shelf", "verified_ths", "verified_over_s", "reported_ths", "of_nominal", "max_temp_c", "power_w", "pool_slot"} {
		if cell := got(2, column); cell != "" {
			t.Errorf("%s of a machine that was never read is %q", column, cell)
		}
	}
}
