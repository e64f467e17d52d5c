package inventory

import (
	"context"
	"fmt"
	"strings"

	"hashyard"
)

// MaxImport is how many machines one list may hold.
const MaxImport = 5000

// Entry is one machine of a list that somebody entered.
type Entry struct {
	Serial, MAC, Model, Shelf string
}

// Row is an entry as it was checked: what would be written, or why not.
type Row struct {
	Entry
	Line    int    // of the list, from 1
	Problem string // empty: it may be taken in
	Known   bool   // it is the organisation's own already
	Unit    hashyard.ID
}

// Import is a whole list as it was checked.
type Import struct {
	Rows              []Row
	New, Known, Wrong int
}

// checkList brings every row into its normal form and finds what is wrong
// within the list itself.
func checkList(entries []Entry, models []Model) []Row {
	first := map[string]int{}
	rows := make([]Row, len(entries))
	for i, e := range entries {
		rows[i] = Row{Entry: e, Line: i + 1}
		r := &rows[i]
		serial, err := NormalSerial(e.Serial)
		if err != nil {
			r.Problem = err.Error()
			continue
		}
		r.Serial, r.Model, r.Shelf = serial, clean(e.Model), clean(e.Shelf)
		if r.MAC = NormalMAC(e.MAC); r.MAC == "" && strings.TrimSpace(e.MAC) != "" {
			r.Problem = fmt.Sprintf("%q is no MAC address", e.MAC)
			continue
		}
		if len(r.Shelf) > 24 {
			r.Problem = "a shelf is named by 24 characters at most"
			continue
		}
		if m, ok := MatchModel(models, r.Model, 0); ok {
			r.Model = m.Name
		} else if r.Model != "" {
			r.Problem = fmt.Sprintf("model %q is not traded here", r.Model)
			continue
		}
		if at, ok := first[serial]; ok {
			r.Problem = fmt.Sprintf("the same serial as in row %d", at)
			continue
		}
		first[serial] = r.Line
	}
	return rows
}

// CheckImport says row by row what taking the list in would do. It changes
// nothing.
func (s *Service) CheckImport(ctx context.Context, actor hashyard.Actor, entries []Entry) (Import, error) {
	return s.takeIn(ctx, actor, entries, false)
}

// Import takes the list's good rows in, each once: doing it again finds them
// there. Wrong rows are told and left out.
func (s *Service) Import(ctx context.Context, actor hashyard.Actor, entries []Entry) (Import, error) {
	return s.takeIn(ctx, actor, entries, true)
}

func (s *Service) takeIn(ctx context.Context, actor hashyard.Actor, entries []Entry, commit bool) (Import, error) {
	if len(entries) == 0 || len(entries) > MaxImport {
		return Import{}, hashyard.Invalid.Errorf("a list has 1 to %d machines, this one %d", MaxImport, len(entries))
	}
	models, err := s.store.Models(ctx)
	if err != nil {
		return Import{}, err
	}
	out := Import{Rows: checkList(entries, models)}
	for i := range out.Rows {
		r := &out.Rows[i]
		if r.Problem == "" {
			if err := s.enter(ctx, actor, r, commit); err != nil {
				return out, fmt.Errorf("row %d: %w", r.Line, err)
			}
		}
		switch {
		case r.Problem != "":
			out.Wrong++
		case r.Known:
			out.Known++
		default:
			out.New++
		}
	}
	return out, nil
}

// enter looks a row's serial up and registers it when commit says so. Whoever
// else has the serial stays unnamed.
func (s *Service) enter(ctx context.Context, actor hashyard.Actor, r *Row, commit bool) error {
	return s.store.Change(ctx, As{Reason: "inventory.import"}, Select{Serial: r.Serial}, func(l Loaded) (Write, error) {
		now := s.now().UTC()
		r.Problem, r.Known, r.Unit = "", false, hashyard.ID{} // the rule may run again
		if len(l.Units) > 0 {
			u := l.Units[0]
			if u.Owner != actor.Org {
				r.Problem = "this serial cannot be entered by you; ask the desk if the machine is yours"
				return Write{}, nil
			}
			r.Known, r.Unit = true, u.ID
			if !commit || r.Shelf == "" || u.Custodian != actor.Org || u.Shelf == r.Shelf {
				return Write{}, nil
			}
			u.Shelf = r.Shelf
			return Write{Units: []Unit{u}, Command: "unit.shelve", Ref: hashyard.Ref{Kind: "unit", ID: u.ID}, At: now}, nil
		}
		if !commit {
			return Write{}, nil
		}
		u, c := register(actor.Org, hashyard.ID{}, Identity{Serial: r.Serial, MAC: r.MAC, Model: r.Model}, l.Models, now)
		u.Shelf, u.Entered, r.Unit = r.Shelf, true, u.ID
		c.Reason, c.By = "entered from a list", actor.User
		return Write{New: []Unit{u}, Custody: []Custody{c}, At: now, Command: "unit.enter", Ref: hashyard.Ref{Kind: "unit", ID: u.ID}}, nil
	})
}

// foundBy gives a unit that was only ever entered by hand to the organisation
// whose agent sees it: a list is a claim, a machine on the wire is the fact.
func (u Unit) foundBy(org hashyard.ID) bool {
	return u.Entered && u.Custodian != org && u.State == UnitAvailable
}
