// Package pool keeps the accounts of the mining pool: who may mine as whom,
// the rate epochs that price work, the work that was accepted, statements,
// the measurement of units under proof, and the blocks that were found. It
// owns all tables named pool_*.
//
// Service is safe for concurrent use. Apply is called by one consumer of the
// share log at a time; everything that must not happen twice is decided in
// the store's transactions, so several processes may run Service.Run at once.
package pool

import (
	"regexp"
	"strings"
	"time"

	"hashyard"
	"hashyard/pool/share"
)

// Account is what an organisation mines into; its name leads every username.
type Account struct {
	ID, Org hashyard.ID
	Name    string
	Created time.Time
}

// Worker is one name under an account. One with a unit is that machine's: its
// password is the unit's secret.
type Worker struct {
	ID, Org, Account hashyard.ID
	Unit             hashyard.ID // zero for a plain worker
	AccountName      string
	Name             string
	Generation       int       // of the secret
	OldUntil         time.Time // until then the secret before is good, too
	Retired          time.Time // zero while it may mine
	Created          time.Time
}

// User is the Stratum username.
func (w Worker) User() string { return w.AccountName + "." + w.Name }

// maxUser is the longest username that there may be from before names were
// made to fit machines. keptUser is what all firmware keeps of one: Avalon cuts
// there.
const (
	maxUser  = 65
	keptUser = 63
)

// namePattern is what a worker may be called; account names are the slugs of
// organisations.
var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// accountPattern is what an account may be called: no dot and no underscore,
// so that a username splits in one way only.
var accountPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// ParseUser splits "<account>.<worker>". Letters are compared in lower case,
// because some firmware changes them.
func ParseUser(user string) (account, worker string, err error) {
	if len(user) > maxUser {
		return "", "", hashyard.Invalid.Errorf("username is longer than %d characters", maxUser)
	}
	account, worker, ok := strings.Cut(lower(user), ".")
	if !ok {
		return "", "", hashyard.Invalid.Errorf("username %q is not <account>.<worker>", user)
	}
	if !accountPattern.MatchString(account) || !namePattern.MatchString(worker) {
		return "", "", hashyard.Invalid.Errorf("username %q is not <account>.<worker> of letters, digits, - and _", user)
	}
	return account, worker, nil
}

// lower folds ASCII only: other letters are refused later, not folded into
// allowed ones.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// Target is where and as whom a machine mines.
type Target struct {
	URL, User, Password string
}

// Session is a live connection as the Stratum edge sees it.
type Session struct {
	ID                    hashyard.ID
	Account, Worker, Unit hashyard.ID
	User, Agent, Remote   string
	Device                share.Device // what the machine said of itself
	Opened, LastShare     time.Time
	Difficulty            hashyard.Difficulty
	PerMinute             float64
	Secret, Proof         bool
	Accepted, Refused     int64
	Work                  hashyard.Work
}
