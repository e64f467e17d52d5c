package cgminer

import (
	"fmt"
	"strings"
	"time"

	"hashyard"
	"hashyard/firmware"
)

// PoolList reads the reply to "pools" as proof of all of them: one that broke
// off, or lists fewer pools than its own status counts, is
// hashyard.Unavailable and worth asking for again.
func PoolList(r Reply, now time.Time) ([]firmware.Pool, error) {
	switch {
	case Truncated(r.Defects):
		return nil, hashyard.Unavailable.Errorf("the list of pools broke off")
	case !r.Has("POOLS") && !r.Has("POOL"):
		return nil, hashyard.Unavailable.Errorf("the reply holds no list of pools")
	}
	pools := Pools(r, now)
	var n int
	if _, err := fmt.Sscanf(r.Status.Message, "%d Pool(s)", &n); err == nil && len(pools) < n {
		return nil, hashyard.Unavailable.Errorf("the reply lists %d of %d pools", len(pools), n)
	}
	return pools, nil
}

// Pools reads the reply to "pools", which all descendants share. Slots count
// from 0 in the order listed: some firmware numbers POOL from 1.
func Pools(r Reply, now time.Time) []firmware.Pool {
	rows := r.Rows("POOLS")
	if len(rows) == 0 {
		rows = r.Rows("POOL") // text replies repeat "POOL=0,…|"
	}
	out := make([]firmware.Pool, 0, len(rows))
	for slot, row := range rows {
		p := firmware.Pool{
			Slot:               slot,
			URL:                row.Fold("URL").Text(),
			User:               row.Fold("User").Text(),
			Priority:           slot,
			Status:             poolStatus(row.Fold("Status").Text()),
			Accepted:           Count(row.Fold("Accepted")),
			Rejected:           Count(row.Fold("Rejected")),
			Stale:              Count(row.Fold("Stale")),
			DifficultyAccepted: Real(row.Fold("Difficulty Accepted")),
			DifficultyRejected: Real(row.Fold("Difficulty Rejected")),
			StratumDifficulty:  Real(row.First("Stratum Difficulty", "Work Difficulty", "Diff")),
		}
		if n, ok := row.Fold("Priority").Int(); ok {
			p.Priority = int(n)
		}
		p.StratumActive, _ = row.Fold("Stratum Active").Bool()
		if w, ok := row.Fold("Difficulty Accepted").Work(); ok {
			p.WorkAccepted = &w
		}
		if t, ok := row.Fold("Last Share Time").Time(now); ok {
			p.LastShare = &t
		}
		out = append(out, p)
	}
	return out
}

func poolStatus(word string) firmware.PoolStatus {
	for _, s := range []firmware.PoolStatus{
		firmware.PoolAlive, firmware.PoolDead, firmware.PoolSick, firmware.PoolRejecting, firmware.PoolDisabled,
	} {
		if strings.EqualFold(word, string(s)) {
			return s
		}
	}
	if strings.EqualFold(word, "Deed") { // Bitmain's spelling
		return firmware.PoolDead
	}
	return firmware.PoolUnknown
}

// Count is a whole number or nil.
func Count(v Value) *int64 {
	if n, ok := v.Int(); ok {
		return &n
	}
	return nil
}

// Real is a number or nil.
func Real(v Value) *float64 {
	if f, ok := v.Float(); ok {
		return &f
	}
	return nil
}

// Rate is a hashrate given in units of hashes per second, or nil.
func Rate(v Value, unit hashyard.Hashrate) *hashyard.Hashrate {
	f, ok := v.Float()
	if !ok || f < 0 {
		return nil
	}
	return new(hashyard.Hashrate(f) * unit)
}

// Elapsed is a number of seconds or nil.
func Elapsed(v Value) *time.Duration {
	if d, ok := v.Seconds(); ok {
		return &d
	}
	return nil
}

// RealTemp reports whether t can be a sensor's temperature in degrees Celsius:
// 0 is a sensor that is not fitted, -273 one that cannot be read.
func RealTemp(t float64) bool { return t != 0 && t > -200 && t < 300 }

// Temps keeps the temperatures that are real.
func Temps(list []float64) []float64 {
	var out []float64
	for _, t := range list {
		if RealTemp(t) {
			out = append(out, t)
		}
	}
	return out
}

// MAC normalises a hardware address to lower case with colons. Anything else
// is no address and gives "".
func MAC(s string) string {
	hexits := strings.ToLower(strings.NewReplacer(":", "", "-", "", ".", "", " ", "").Replace(s))
	if len(hexits) != 12 || strings.Trim(hexits, "0123456789abcdef") != "" || strings.Trim(hexits, "0") == "" {
		return ""
	}
	var b strings.Builder
	for i := 0; i < 12; i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(hexits[i : i+2])
	}
	return b.String()
}

// Serial cleans a serial number; the words firmware writes for none give "".
func Serial(s string) string {
	s = strings.TrimSpace(s)
	switch strings.ToLower(s) {
	case "unknown", "null", "none", "n/a", "-", "0", "default":
		return ""
	}
	return s
}
