package fleet

import (
	"slices"
	"strings"

	"hashyard"
	"hashyard/firmware"
)

// What machines say goes through here before it is kept: printable, bounded,
// and nothing that a database column or a person's screen chokes on.

// maxParts bounds lists of boards, pools, fans and words.
const maxParts = 16

// short keeps foreign text printable and bounded.
func short(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return -1
		}
		return r
	}, s)
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// first keeps the first n.
func first[T any](list []T, n int) []T { return slices.Clone(list[:min(len(list), n)]) }

// cleanIdentity bounds what a machine says of itself.
func cleanIdentity(id firmware.Identity) firmware.Identity {
	id.Serial = short(NormalSerial(id.Serial), 64)
	id.MAC = strings.ToLower(short(id.MAC, 20))
	id.Model, id.Family = short(id.Model, 80), short(id.Family, 40)
	id.Firmware, id.Hostname = short(id.Firmware, 80), short(id.Hostname, 80)
	id.Boards = first(id.Boards, maxParts)
	for i := range id.Boards {
		id.Boards[i].Serial = short(NormalSerial(id.Boards[i].Serial), 64)
	}
	return id
}

func cleanReading(r firmware.Reading) firmware.Reading {
	r.Boards, r.Pools, r.Fans = first(r.Boards, maxParts), first(r.Pools, maxParts), first(r.Fans, maxParts)
	for i := range r.Boards {
		b := &r.Boards[i]
		b.Serial, b.ChipMap = short(b.Serial, 64), short(b.ChipMap, 1024)
		b.TempsBoard, b.TempsChip = first(b.TempsBoard, 64), first(b.TempsChip, 64)
	}
	for i := range r.Pools {
		p := &r.Pools[i]
		p.URL, p.User = short(p.URL, 255), short(p.User, 255)
		p.Status = firmware.PoolStatus(short(string(p.Status), 40))
	}
	r.Unread = first(r.Unread, maxParts)
	for i := range r.Unread {
		r.Unread[i] = short(r.Unread[i], 400)
	}
	return r
}

// withoutPasswords is safe to keep and show.
func withoutPasswords(slots []firmware.ConfiguredPool) []firmware.ConfiguredPool {
	out := first(slots, maxParts)
	for i := range out {
		out[i].Password = ""
		out[i].URL, out[i].User = short(out[i].URL, 255), short(out[i].User, 255)
	}
	return out
}

func cleanDifferences(ds []firmware.SlotDifference) []firmware.SlotDifference {
	out := first(ds, 3*maxParts)
	for i := range out {
		out[i].Want, out[i].Got = short(out[i].Want, 255), short(out[i].Got, 255)
	}
	return out
}

// checkSlots refuses evidence in which a pool could hide: a slot named twice,
// or one outside what any machine has.
func checkSlots(what string, slots []firmware.ConfiguredPool) error {
	if len(slots) > maxParts {
		return hashyard.Invalid.Errorf("%s has %d slots; no machine has more than %d", what, len(slots), maxParts)
	}
	met := map[int]bool{}
	for _, s := range slots {
		if s.Slot < 0 || s.Slot >= maxParts || met[s.Slot] {
			return hashyard.Invalid.Errorf("%s names slot %d, which is out of range or named twice", what, s.Slot)
		}
		met[s.Slot] = true
		if len(s.URL)+len(s.User)+len(s.Password) > 4096 {
			return hashyard.Invalid.Errorf("%s has a slot %d of more than 4096 bytes", what, s.Slot)
		}
	}
	return nil
}
