package verify

import (
	"strings"
	"time"
	"unicode"

	"hashyard"
)

// Record is what is known of an organisation.
type Record struct {
	Org         hashyard.ID `json:"org_id"`
	State       State       `json:"state" enum:"unverified,submitted,verified,refused,suspended"`
	Details     Details     `json:"details"`
	SubmittedAt time.Time   `json:"submitted_at,omitzero"`
	DecidedAt   time.Time   `json:"decided_at,omitzero"`
	Reason      string      `json:"reason,omitempty" doc:"What the desk wrote to the organisation."`
	Version     int64       `json:"version"`
	ChangedAt   time.Time   `json:"changed_at,omitzero"`
}

// Details are what an organisation says of itself.
type Details struct {
	LegalName    string  `json:"legal_name" maxLength:"200"`
	Country      string  `json:"country" maxLength:"2" doc:"ISO 3166-1, two letters."`
	Registration string  `json:"registration" maxLength:"80" doc:"Number in the company register."`
	Owners       []Owner `json:"owners" maxItems:"50" nullable:"false" doc:"People who own or control 25 % or more."`
}

// Owner is a beneficial owner.
type Owner struct {
	Name    string `json:"name" maxLength:"200"`
	Country string `json:"country" maxLength:"2" doc:"Of residence, ISO 3166-1."`
	Born    string `json:"born,omitempty" maxLength:"10" doc:"YYYY-MM-DD."`
	// SharePPM is integer like every quantity of a contract.
	SharePPM int64 `json:"share_ppm,omitempty" minimum:"0" maximum:"1000000" doc:"Share in parts per million."`
}

// Check trims the details and refuses what cannot be right.
func (d Details) Check(now time.Time) (Details, error) {
	var err error
	if d.LegalName, err = text("legal name", d.LegalName, 200); err != nil {
		return d, err
	}
	if d.Registration, err = text("registration number", d.Registration, 80); err != nil {
		return d, err
	}
	if d.Country, err = country(d.Country); err != nil {
		return d, err
	}
	if len(d.Owners) == 0 || len(d.Owners) > 50 {
		return d, hashyard.Invalid.Errorf("name 1 to 50 beneficial owners; where nobody owns a quarter, the people who manage it")
	}
	owners, sum := make([]Owner, len(d.Owners)), int64(0)
	for i, o := range d.Owners {
		if o.Name, err = text("owner's name", o.Name, 200); err != nil {
			return d, err
		}
		if o.Country, err = country(o.Country); err != nil {
			return d, err
		}
		if o.Born != "" {
			born, err := time.Parse(time.DateOnly, o.Born)
			if err != nil || born.Year() < 1900 || born.After(now) {
				return d, hashyard.Invalid.Errorf("birthday of %s: %q is not like 1970-12-31", o.Name, o.Born)
			}
		}
		if o.SharePPM < 0 || o.SharePPM > 1_000_000 {
			return d, hashyard.Invalid.Errorf("share of %s: not between 0 and 1,000,000 ppm", o.Name)
		}
		sum += o.SharePPM
		owners[i] = o
	}
	if sum > 1_000_000 {
		return d, hashyard.Invalid.Errorf("the owners' shares add up to more than the whole")
	}
	d.Owners = owners
	return d, nil
}

func text(what, s string, most int) (string, error) {
	s = strings.Join(strings.Fields(s), " ")
	letters := strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	if !letters || len([]rune(s)) > most || strings.ContainsFunc(s, unicode.IsControl) {
		return s, hashyard.Invalid.Errorf("%s: 1 to %d printable characters, with a letter or a digit", what, most)
	}
	return s, nil
}

func country(s string) (string, error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) != 2 || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z' {
		return s, hashyard.Invalid.Errorf("country %.20q: two letters, as in ISO 3166-1", s)
	}
	return s, nil
}

// Names are what is held against the lists: the organisation by both its
// names, and each owner.
func (d Details) Names(called string) []string {
	names := []string{called}
	if d.LegalName != "" {
		names = append(names, d.LegalName)
	}
	for _, o := range d.Owners {
		names = append(names, o.Name)
	}
	return names
}
