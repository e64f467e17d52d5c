// Package doctor looks at an installation, running or stopped, and says in
// words what is wrong with it and what to do. It changes nothing and owns
// nothing. Every check belongs to one part; what a part needs and was not told
// about is left out, and said to be.
package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Config is what is known of the installation; an empty field leaves its
// checks out.
type Config struct {
	DatabaseURL string // as the application logs in
	OwnerURL    string
	ServeDir    string
	SignerDir   string
	KeyDirs     []string // other folders with secrets
	Listen      string
	TLS         bool
	PublicURL   string
	Stratum     string
	Ops         string
	PoolKey     string

	ChainURL, ChainUser, ChainPassword string
	LocalChain                         bool // short enough to be walked, and made by hashyard alone

	SignerURL, SignerSecret string

	StripeURL, StripeKey, StripeWebhookSecret string
	StripeLive                                bool

	SMTPURL string
	Temp    string // where a share log is copied to be read; "" is the system's
	Stopped bool   // nothing is expected to run
	Log     *slog.Logger
}

// Status is how a check ended.
type Status string

// The statuses. Only Bad makes an installation unsound.
const (
	Good    Status = "ok"
	Warn    Status = "warning"
	Bad     Status = "wrong"
	Unknown Status = "left out"
)

// Finding is what one check found.
type Finding struct {
	Part   string `json:"part"`
	Status Status `json:"status"`
	Says   string `json:"says"`
	Do     string `json:"do,omitempty"`
}

// Report is all that was found.
type Report struct {
	At       time.Time `json:"at"`
	Findings []Finding `json:"findings"`
}

// Wrong counts what must be put right.
func (r Report) Wrong() (n int) {
	for _, f := range r.Findings {
		if f.Status == Bad {
			n++
		}
	}
	return n
}

// part collects the findings of one part.
type part struct {
	name string
	out  []Finding
}

func (p *part) add(s Status, do, format string, args ...any) {
	p.out = append(p.out, Finding{Part: p.name, Status: s, Says: fmt.Sprintf(format, args...), Do: do})
}

func (p *part) good(format string, args ...any) { p.add(Good, "", format, args...) }

// bad and warn take first what to do about it.
func (p *part) bad(do, format string, args ...any)  { p.add(Bad, do, format, args...) }
func (p *part) warn(do, format string, args ...any) { p.add(Warn, do, format, args...) }
func (p *part) left(format string, args ...any)     { p.add(Unknown, "", format, args...) }

// limit bounds each part: a doctor that hangs helps nobody.
const limit = 90 * time.Second

// Examine looks at everything. Parts are looked at side by side and reported
// in order.
func Examine(ctx context.Context, cfg Config) Report {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	checks := []struct {
		name string
		look func(context.Context, Config, *part)
	}{
		{"machine", machine},
		{"settings", settings},
		{"database", database},
		{"books", books},
		{"folders", folders},
		{"share log", shares},
		{"ports", ports},
		{"yard", yard},
		{"node", chain},
		{"signer", signing},
		{"stripe", payments},
		{"mail", mail},
	}
	parts := make([]part, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		parts[i].name = c.name
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, limit)
			defer cancel()
			c.look(ctx, cfg, &parts[i])
		})
	}
	wg.Wait()
	r := Report{At: time.Now().UTC()}
	for _, p := range parts {
		r.Findings = append(r.Findings, p.out...)
	}
	return r
}

// Write shows a report to a person.
func (r Report) Write(w io.Writer) error {
	last := ""
	for _, f := range r.Findings {
		name := f.Part
		if name == last {
			name = ""
		}
		last = f.Part
		if _, err := fmt.Fprintf(w, "%-10s %-9s %s\n", name, f.Status, f.Says); err != nil {
			return err
		}
		if f.Do != "" {
			if _, err := fmt.Fprintf(w, "%-20s → %s\n", "", f.Do); err != nil {
				return err
			}
		}
	}
	if n := r.Wrong(); n > 0 {
		_, err := fmt.Fprintf(w, "\n%d of %d findings are wrong.\n", n, len(r.Findings))
		return err
	}
	_, err := fmt.Fprintf(w, "\nNothing is wrong.\n")
	return err
}

// JSON shows a report to a program.
func (r Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
