package fleet

import (
	"time"

	"hashyard"
)

// AlertState is how far an alert has been dealt with.
type AlertState string

// The states of an alert. A fault that comes back is a new alert.
const (
	AlertOpen         AlertState = "open"
	AlertAcknowledged AlertState = "acknowledged" // somebody knows; it still counts
	AlertCleared      AlertState = "cleared"      // the readings are good again
)

// alertEvent moves an alert along.
type alertEvent string

const (
	alertSeen        alertEvent = "be seen" // the fault is still there
	alertAcknowledge alertEvent = "be acknowledged"
	alertClear       alertEvent = "clear"
)

// alertTable is next[from][event].
func alertTable() map[AlertState]map[alertEvent]AlertState {
	return map[AlertState]map[alertEvent]AlertState{
		AlertOpen:         {alertSeen: AlertOpen, alertAcknowledge: AlertAcknowledged, alertClear: AlertCleared},
		AlertAcknowledged: {alertSeen: AlertAcknowledged, alertAcknowledge: AlertAcknowledged, alertClear: AlertCleared},
	}
}

// Next is the state after ev; Conflict when the state does not allow it.
func (s AlertState) Next(ev alertEvent) (AlertState, error) {
	if to, ok := alertTable()[s][ev]; ok {
		return to, nil
	}
	return s, hashyard.Conflict.Errorf("an alert that is %s cannot %s", s, ev)
}

// Alert is one thing that is wrong with one machine for a while.
type Alert struct {
	ID, Org, Miner  hashyard.ID
	Kind            Health
	State           AlertState
	Cause           string
	Missing         hashyard.Hashrate // at the last look
	LostTHs         float64           // displayed terahashes that were not hashed since it was raised
	RaisedAt        time.Time
	LookedAt        time.Time
	AcknowledgedAt  time.Time
	AcknowledgedBy  hashyard.ID
	ClearedAt       time.Time
	Serial, Address string // of the machine, for people
	Unit            hashyard.ID
}

// Live reports whether the fault is still there.
func (a Alert) Live() bool { return a.State != AlertCleared }

// LostSat is what the lost work would have earned, rounded down.
func (a Alert) LostSat(satPerTHDay float64) hashyard.Sats {
	return hashyard.Sats(a.LostTHs / (24 * 60 * 60) * satPerTHDay)
}

// Acknowledge notes that somebody knows; the first one stays noted.
func (a Alert) Acknowledge(by hashyard.ID, at time.Time) (Alert, error) {
	to, err := a.State.Next(alertAcknowledge)
	if err != nil {
		return a, err
	}
	if a.State == AlertOpen {
		a.AcknowledgedAt, a.AcknowledgedBy = at.UTC(), by
	}
	a.State = to
	return a, nil
}

// longestLook bounds what one look may add to a loss: nobody watched for
// longer, so nobody knows.
const longestLook = 5 * time.Minute

func (a Alert) see(f Finding, now time.Time) (Alert, error) {
	to, err := a.State.Next(alertSeen)
	if err != nil {
		return a, err
	}
	a.LostTHs += float64(a.Missing/hashyard.TH) * min(max(now.Sub(a.LookedAt), 0), longestLook).Seconds()
	a.State, a.Cause, a.Missing, a.LookedAt = to, f.Cause, f.Missing, now
	return a, nil
}

func (a Alert) clear(now time.Time) (Alert, error) {
	to, err := a.State.Next(alertClear)
	if err != nil {
		return a, err
	}
	a.State, a.ClearedAt, a.Missing = to, now, 0
	return a, nil
}

// Reconcile brings the live alerts of an organisation in line with how its
// machines do now. It returns those that are new or changed. Doing it again at
// the same instant changes nothing but the time of the look.
func Reconcile(org hashyard.ID, live []Alert, machines []Machine, sites map[hashyard.ID]Site, now time.Time) ([]Alert, error) {
	type key struct {
		miner hashyard.ID
		kind  Health
	}
	known := map[key]Alert{}
	for _, a := range live {
		known[key{a.Miner, a.Kind}] = a
	}
	var out []Alert
	for _, m := range machines {
		for _, f := range m.Findings(now, sites[m.Site]) {
			k := key{m.ID, f.Kind}
			a, ok := known[k]
			delete(known, k)
			if !ok {
				a = Alert{
					ID: hashyard.NewID(), Org: org, Miner: m.ID, Kind: f.Kind, State: AlertOpen, Cause: f.Cause,
					Missing: f.Missing, RaisedAt: now, LookedAt: now,
				}
				if f.Kind == Offline {
					a.RaisedAt = m.LastSeen // since then nothing is known to have been hashed
				}
				out = append(out, a)
				continue
			}
			seen, err := a.see(f, now)
			if err != nil {
				return nil, err
			}
			out = append(out, seen)
		}
	}
	for _, a := range known {
		cleared, err := a.clear(now)
		if err != nil {
			return nil, err
		}
		out = append(out, cleared)
	}
	return out, nil
}
