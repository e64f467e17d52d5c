package firmware

import (
	"fmt"
	"strings"
	"time"

	"hashyard"
)

// PoolSetting is one pool slot to write. The zero value is an empty slot.
type PoolSetting struct {
	URL      string `json:"url"`
	User     string `json:"user"`
	Password string `json:"password"`
}

// IsZero reports whether the slot is empty.
func (p PoolSetting) IsZero() bool { return p == PoolSetting{} }

// ConfiguredPool is one slot as read back.
type ConfiguredPool struct {
	Slot int `json:"slot"`
	PoolSetting
	// PasswordKnown is false where the machine hides passwords; then they are
	// neither compared nor restorable.
	PasswordKnown bool `json:"password_known"`
}

// Acknowledgement is a machine's own word that it accepted a command. It
// proves nothing.
type Acknowledgement struct {
	At      time.Time `json:"at"`
	Code    string    `json:"code,omitempty"` // M000, 55 …
	Message string    `json:"message,omitempty"`
}

// SlotDifference is one field of one slot that is not as written. Passwords
// are named but never carried.
type SlotDifference struct {
	Slot  int    `json:"slot"`
	Field string `json:"field"` // url, user or password
	Want  string `json:"want,omitempty"`
	Got   string `json:"got,omitempty"`
}

// String is the difference for people.
func (d SlotDifference) String() string {
	if d.Field == "password" {
		return fmt.Sprintf("slot %d password differs", d.Slot)
	}
	return fmt.Sprintf("slot %d %s is %q, wanted %q", d.Slot, d.Field, d.Got, d.Want)
}

// ComparePools lists where the read-back got differs from the written want.
// Slots missing on either side count as empty, so a pool that survived in an
// unnamed slot is a difference: it would be the machine's failover.
func ComparePools(want []PoolSetting, got []ConfiguredPool) []SlotDifference {
	n := len(want)
	bySlot := make(map[int]ConfiguredPool, len(got))
	for _, g := range got {
		bySlot[g.Slot] = g
		n = max(n, g.Slot+1)
	}
	var out []SlotDifference
	for slot := range n {
		var w PoolSetting
		if slot < len(want) {
			w = want[slot]
		}
		g := bySlot[slot]
		if w.URL != g.URL {
			out = append(out, SlotDifference{slot, "url", w.URL, g.URL})
		}
		if w.User != g.User {
			out = append(out, SlotDifference{slot, "user", w.User, g.User})
		}
		if g.PasswordKnown && w.Password != g.Password {
			out = append(out, SlotDifference{Slot: slot, Field: "password"})
		}
	}
	return out
}

// CheckPoolSettings refuses what some firmware would silently mangle: vendor
// scripts pass these words through an unquoted shell and cgminer separates
// them with commas, so only plain printable words without either are safe.
func CheckPoolSettings(pools []PoolSetting, slots int) error {
	if len(pools) > slots {
		return hashyard.Invalid.Errorf("%d pools do not fit in %d slots", len(pools), slots)
	}
	for i, p := range pools {
		if p.URL == "" && !p.IsZero() {
			return hashyard.Invalid.Errorf("pool slot %d has a user or password but no url", i)
		}
		for _, f := range []struct{ name, text string }{{"url", p.URL}, {"user", p.User}, {"password", p.Password}} {
			if len(f.text) > 255 {
				return hashyard.Invalid.Errorf("pool slot %d %s is longer than 255 bytes", i, f.name)
			}
			if at := strings.IndexFunc(f.text, unsafeInPool); at >= 0 {
				return hashyard.Invalid.Errorf("pool slot %d %s contains %q, which miners mangle", i, f.name, f.text[at])
			}
		}
	}
	return nil
}

func unsafeInPool(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"'`\\,|*?[]{}$<>&;", r)
}
