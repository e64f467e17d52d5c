package inventory

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"hashyard"
)

// Identity is what a machine says about itself, as an agent read it.
type Identity struct {
	Serial, MAC, Model, Family string
	Boards                     []string
	IdealHS                    hashyard.Hashrate // zero when not reported
}

// NormalSerial brings a scanned or read serial into the one form in which
// serials are compared: NFKC, trimmed, upper case, [A-Z0-9-] only. Look-alike
// letters of other scripts are refused, not mapped: a scan that needs guessing
// is no scan.
func NormalSerial(s string) (string, error) {
	if len(s) > 256 {
		return "", hashyard.Invalid.Errorf("serial is longer than 256 bytes")
	}
	n := strings.ToUpper(strings.TrimSpace(norm.NFKC.String(s)))
	if len(n) > 64 {
		return "", hashyard.Invalid.Errorf("serial %.20q… is longer than 64 characters", n)
	}
	for _, r := range n {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' {
			if latin, ok := looksLike(r); ok {
				return "", hashyard.Invalid.Errorf("serial %q contains %q (U+%04X), which only looks like %c: scan the label again or type it", n, r, r, latin)
			}
			return "", hashyard.Invalid.Errorf("serial %q contains %q; only A-Z, 0-9 and - are allowed", n, r)
		}
	}
	if blankSerial(n) {
		return "", hashyard.Invalid.Errorf("serial %q is blank", n)
	}
	return n, nil
}

// looksLike names the letter or digit that a Greek, Cyrillic or other sign is
// taken for by eye. It serves the message only; nothing is mapped.
func looksLike(r rune) (rune, bool) {
	const (
		foreign = "АВЕЅІЈКМНОРСТУХԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧЗƖ٥٠۰–—−‐‑"
		latin   = "ABESIJKMHOPCTYXQWABEZHIKMNOPTYX3I000-----"
	)
	at := strings.IndexRune(foreign, r)
	if at < 0 {
		return 0, false
	}
	return []rune(latin)[len([]rune(foreign[:at]))], true
}

// blankSerial knows the values that firmware gives for "not programmed".
func blankSerial(n string) bool {
	switch strings.Trim(n, "-") {
	case "", "NA", "NONE", "NULL", "UNKNOWN", "DEFAULT", "SERIAL", "NOTAVAILABLE":
		return true
	}
	if len(n) < 4 {
		return true
	}
	return strings.Count(n, n[:1]) == len(n) // 00000000, FFFFFFFF
}

// NormalMAC is the lower-case colon form of a MAC, or empty when s is none.
func NormalMAC(s string) string {
	var hex []byte
	for _, r := range strings.ToLower(s) {
		switch {
		case (r >= '0' && r <= '9') || (r >= 'a' && r <= 'f'):
			hex = append(hex, byte(r))
		case r == ':' || r == '-' || r == '.' || r == ' ':
		default:
			return ""
		}
	}
	if len(hex) != 12 || strings.Count(string(hex), string(hex[0])) == 12 {
		return ""
	}
	out := make([]byte, 0, 17)
	for i := 0; i < 12; i += 2 {
		if i > 0 {
			out = append(out, ':')
		}
		out = append(out, hex[i], hex[i+1])
	}
	return string(out)
}

// normal is the identity with every part in its comparable form. A board
// serial that cannot be read is kept empty in its slot.
func (id Identity) normal() (Identity, error) {
	serial, err := NormalSerial(id.Serial)
	if err != nil {
		return Identity{}, err
	}
	out := id
	out.Serial, out.MAC = serial, NormalMAC(id.MAC)
	out.Model = clean(id.Model)
	out.Boards = nil
	for _, b := range id.Boards[:min(len(id.Boards), 16)] {
		n, err := NormalSerial(b)
		if err != nil {
			n = ""
		}
		out.Boards = append(out.Boards, n)
	}
	return out, nil
}

// clean keeps a name that came over the wire printable and short.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s[:min(len(s), 80)])
}

// MatchModel finds the model a machine means. Makers write only the base name
// ("Antminer S19"), so among the variants of a base the one within 3 % of the
// machine's ideal hashrate is taken.
func MatchModel(models []Model, said string, ideal hashyard.Hashrate) (Model, bool) {
	name := squeeze(said)
	if name == "" {
		return Model{}, false
	}
	for _, m := range models {
		if squeeze(m.Name) == name || slices.ContainsFunc(m.Aliases, func(a string) bool { return squeeze(a) == name }) {
			return m, true
		}
	}
	best, found, bestGap := Model{}, false, 0.03
	for _, m := range models {
		if squeeze(m.Base) != name || ideal <= 0 {
			continue
		}
		nominal := float64(m.NominalGHs.Hashrate())
		gap := float64(ideal)/nominal - 1
		if gap < 0 {
			gap = -gap
		}
		if gap <= bestGap {
			best, found, bestGap = m, true, gap
		}
	}
	return best, found
}

// squeeze makes "Antminer S19 100T" and "ANTMINER-S19-100T" the same.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9'):
			return r
		}
		return -1
	}, s)
}

// Mismatch is one way in which a machine is not what is known of its serial.
type Mismatch struct {
	Unit  hashyard.ID `json:"unit"`
	Field string      `json:"field"` // mac, boards, model
	Known string      `json:"known"`
	Seen  string      `json:"seen"`
}

// Claimed is the answer to a sighting.
type Claimed struct {
	Unit Unit
	New  bool // the serial was unknown and is registered now
	// Foreign says that somebody else has custody: the machine stands at this
	// site, but is not (yet) the claiming organisation's to touch.
	Foreign    bool
	Mismatches []Mismatch
}

// register makes a unit of a serial that nobody knew.
func register(org, site hashyard.ID, id Identity, models []Model, now time.Time) (Unit, Custody) {
	u := Unit{
		ID: hashyard.NewID(), Owner: org, Custodian: org, Site: site,
		Serial: id.Serial, MAC: id.MAC, Model: id.Model, Boards: id.Boards,
		State: UnitAvailable, CustodySeq: 1, RegisteredAt: now, SeenAt: now,
	}
	u = u.withModel(id, models).withReader(org)
	return u, Custody{Unit: u.ID, Seq: 1, To: Holder{Org: org}, At: now, Reason: "registered by its agent"}
}

func (u Unit) withModel(id Identity, models []Model) Unit {
	if m, ok := MatchModel(models, id.Model, id.IdealHS); ok {
		u.Model, u.ModelID, u.NominalGHs = m.Name, m.ID, m.NominalGHs
	}
	return u
}

// sight compares a sighting by org with the known unit. The owner never
// changes by a sighting; only the custodian's agent moves the unit's site and
// fills in what was not known.
func (u Unit) sight(org, site hashyard.ID, id Identity, models []Model, now time.Time) (Unit, Claimed) {
	res := Claimed{Foreign: u.Custodian != org}
	add := func(field, known, seen string) {
		res.Mismatches = append(res.Mismatches, Mismatch{Unit: u.ID, Field: field, Known: known, Seen: seen})
	}
	if u.MAC != "" && id.MAC != "" && u.MAC != id.MAC {
		add("mac", u.MAC, id.MAC)
	}
	if known, seen := known(u.Boards), known(id.Boards); len(known) > 0 && len(seen) > 0 && !sameSet(known, seen) {
		add("boards", strings.Join(known, " "), strings.Join(seen, " "))
	}
	if m, ok := MatchModel(models, id.Model, id.IdealHS); ok && !u.ModelID.IsZero() && m.ID != u.ModelID {
		add("model", u.Model, m.Name)
	}
	if !res.Foreign {
		u.Site, u.SeenAt, u.Entered = site, now, false
		if u.MAC == "" {
			u.MAC = id.MAC
		}
		if len(known(u.Boards)) == 0 {
			u.Boards = id.Boards
		}
		if u.ModelID.IsZero() {
			u = u.withModel(id, models)
		}
	}
	res.Unit = u
	return u, res
}

// known drops the slots whose board gave no serial.
func known(boards []string) []string {
	return slices.DeleteFunc(slices.Clone(boards), func(b string) bool { return b == "" })
}

// sameSet compares boards without their order: slots may be swapped in cleaning.
func sameSet(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}
