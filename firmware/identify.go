package firmware

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Evidence is what a machine showed before anyone signed in.
type Evidence struct {
	At  time.Time    `json:"at"`
	RPC *RPCEvidence `json:"rpc,omitempty"` // nil: the RPC port did not answer
	Web *WebEvidence `json:"web,omitempty"` // nil: the web port did not answer
}

// IsZero reports whether nothing answered.
func (e Evidence) IsZero() bool { return e.RPC == nil && e.Web == nil }

// RPCEvidence is the answer to the RPC command "version".
type RPCEvidence struct {
	Message     string            `json:"message,omitempty"`     // "BMMiner versions"
	Description string            `json:"description,omitempty"` // "cgminer 4.11.1"
	Version     map[string]string `json:"version,omitempty"`     // the VERSION section
}

// WebEvidence is the answer to GET / without credentials.
type WebEvidence struct {
	Status int    `json:"status"`
	Realm  string `json:"realm,omitempty"`  // of WWW-Authenticate
	Server string `json:"server,omitempty"` // response header
}

// Probe gathers evidence from a target. An address where nothing answers gives
// zero Evidence and no error.
type Probe func(ctx context.Context, t Target) (Evidence, error)

// Claim is how strongly a family takes a machine for its own. One signal is
// never enough (LuxOS answers as BMMiner), so families add up scores: 100 is
// certain, 0 or less is not mine.
type Claim struct {
	Score   int      `json:"score"`
	Because []string `json:"because,omitempty"`
}

// Add weighs one more piece of evidence.
func (c *Claim) Add(score int, because string) {
	c.Score += score
	c.Because = append(c.Because, because)
}

// Family is one firmware family.
type Family struct {
	Claims func(Evidence) Claim
	Open   Open
}

// Verdict is the family named for a machine, with the evidence it rests on.
type Verdict struct {
	Family   string           `json:"family,omitempty"` // empty: no family claims it
	Score    int              `json:"score"`
	Claims   map[string]Claim `json:"claims,omitempty"`
	Evidence Evidence         `json:"evidence"`
}

// Judge names the family with the highest positive claim; equal claims go to
// the first name in the alphabet so that the verdict never wavers.
func Judge(families map[string]Family, ev Evidence) Verdict {
	v := Verdict{Evidence: ev, Claims: map[string]Claim{}}
	names := make([]string, 0, len(families))
	for name, f := range families {
		if c := f.Claims(ev); c.Score > 0 {
			v.Claims[name] = c
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return v
	}
	v.Family = slices.MinFunc(names, func(a, b string) int {
		return cmp.Or(v.Claims[b].Score-v.Claims[a].Score, cmp.Compare(a, b))
	})
	v.Score = v.Claims[v.Family].Score
	return v
}
