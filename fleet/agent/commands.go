package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"hashyard"
	"hashyard/firmware"
	"hashyard/fleet"
)

// pollWait is how long the yard may hold a question for commands open.
const pollWait = 20 * time.Second

// obey asks for commands until ctx ends and carries out each in a goroutine of
// its own; a command that is given out again while it runs is not run twice.
func (a *Agent) obey(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, 8)
	for ctx.Err() == nil {
		asked := a.now()
		var got []fleet.Command
		err := retry(ctx, func() error {
			var err error
			got, err = a.yard.commands(ctx, fleet.Poll{Site: a.welcome.SiteID, Agent: a.journal.agent, Knows: a.knows(ctx), Wait: pollWait})
			if err != nil && ctx.Err() == nil {
				a.log.WarnContext(ctx, "commands not fetched, will retry", "error", err)
			}
			return err
		})
		if err != nil {
			return nil // ctx ended
		}
		begun := 0
		for _, c := range got {
			if !a.begin(c.ID) {
				continue
			}
			begun++
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return nil
			}
			wg.Go(func() {
				defer func() { a.end(c.ID); <-slots }()
				a.execute(ctx, c)
			})
		}
		// The yard holds a question open while there is nothing to do. One that
		// answers at once, with nothing new, must not be asked without end.
		if begun == 0 && a.now().Sub(asked) < time.Second && !pause(ctx, time.Second) {
			return nil
		}
	}
	return nil
}

// backOff is the pause of a command whose result was not kept or not taken.
const backOff = 30 * time.Second

// rest leaves a command alone for a while, whoever gives it out.
func (a *Agent) rest(id hashyard.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.resting[id] = a.now().Add(backOff)
}

// rests says whether a command must pause still, and forgets those that need
// not; the caller holds mu.
func (a *Agent) rests(id hashyard.ID) bool {
	until, ok := a.resting[id]
	if ok && !a.now().Before(until) {
		delete(a.resting, id)
		return false
	}
	return ok
}

func (a *Agent) begin(id hashyard.ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running[id] || a.rests(id) {
		return false
	}
	a.running[id] = true
	return true
}

func (a *Agent) end(id hashyard.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.running, id)
}

// knows lists the commands that need not be given out again: those under way,
// those that pause, and those whose result waits for the yard.
func (a *Agent) knows(ctx context.Context) []hashyard.ID {
	a.mu.Lock()
	var ids []hashyard.ID // those that would only come back go first
	for id := range a.resting {
		if a.rests(id) {
			ids = append(ids, id)
		}
	}
	for id := range a.running {
		ids = append(ids, id)
	}
	a.mu.Unlock()
	waiting, err := a.journal.waiting()
	if err != nil {
		a.log.WarnContext(ctx, "journal not readable", "error", err)
	}
	for _, e := range waiting {
		if !slices.Contains(ids, e.Command) {
			ids = append(ids, e.Command)
		}
	}
	return ids[:min(len(ids), 64)]
}

// execute carries out one command, or only its posting when its result is on
// disk already.
func (a *Agent) execute(ctx context.Context, c fleet.Command) {
	e, err := a.journal.load(c.ID)
	if err != nil {
		// A command whose past is unknown is not carried out: its snapshot of
		// the old pools would be lost for good.
		a.rest(c.ID)
		a.log.ErrorContext(ctx, "journal not readable, command left alone", "command", c.ID, "error", err)
		return
	}
	if e.Result == nil {
		e.Epoch = c.Epoch
		var res fleet.Result
		if c.Kind != "redirect" || c.Redirect == nil {
			res = fleet.Result{SiteID: a.welcome.SiteID, Epoch: c.Epoch, Error: "this agent does not know the command " + c.Kind}
		} else {
			e.Serial = c.Redirect.Serial
			res = a.redirect(ctx, &e, *c.Redirect)
		}
		if ctx.Err() != nil && res.ReadBack == nil {
			return // shutting down in the middle: the yard gives the command out again
		}
		hashyard.Hit(hashyard.AtAgentReadBack)
		res.Error = clip(res.Error)
		e.Result = &res
		if err := a.journal.save(e); err != nil {
			a.rest(c.ID)
			a.log.ErrorContext(ctx, "result not kept, command will come again", "command", c.ID, "error", err)
			return
		}
		hashyard.Hit(hashyard.AtAgentResult)
		a.log.InfoContext(ctx, "command carried out", "command", c.ID, "serial", e.Serial, "error_text", res.Error)
	}
	select {
	case a.ready <- struct{}{}:
	default:
	}
}

// settleResults posts the results on disk until the yard has each of them.
func (a *Agent) settleResults(ctx context.Context) error {
	for {
		left := a.postResults(ctx)
		wait := time.Minute
		if left > 0 {
			wait = time.Second
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-a.ready:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// postResults tries each waiting result once and says how many are left.
func (a *Agent) postResults(ctx context.Context) (left int) {
	waiting, err := a.journal.waiting()
	if err != nil {
		a.log.WarnContext(ctx, "journal not readable", "error", err)
	}
	for _, e := range waiting {
		err := a.postResult(ctx, e)
		if err == nil {
			continue
		}
		left++
		if ctx.Err() == nil {
			a.log.WarnContext(ctx, "result not posted, will retry", "command", e.Command, "error", err)
		}
	}
	return left
}

// postResult posts one result and settles its entry. When the yard refuses it
// for good, the whole is set aside on disk and less is posted: that the result
// was refused, with the old pools, then without.
func (a *Agent) postResult(ctx context.Context, e entry) error {
	posts := []fleet.Result{*e.Result}
	if !e.Result.Refused {
		posts = append(posts, refused(e, e.Snapshot), refused(e, nil))
	}
	for i, res := range posts {
		err := a.yard.result(ctx, e.Command, res)
		switch {
		case err == nil && i == 0:
			hashyard.Hit(hashyard.AtAgentPosted)
			return a.journal.drop(e.Command)
		case err == nil:
			return a.journal.setAside(e.Command)
		case !hopeless(err):
			return err
		}
		a.log.ErrorContext(ctx, "the yard refuses the result, it is set aside", "command", e.Command, "error", err)
		posts[min(i+1, len(posts)-1)].Error = clip("the yard refuses the result: " + err.Error())
		if errors.Is(err, hashyard.NotFound) {
			break // the command itself is unknown there
		}
	}
	// The yard may give it out again, but not at once.
	a.rest(e.Command)
	return a.journal.setAside(e.Command)
}

// refused stands for a result that the yard does not take. It says nothing of
// the machine but its old pools.
func refused(e entry, snapshot []firmware.ConfiguredPool) fleet.Result {
	return fleet.Result{SiteID: e.Result.SiteID, Epoch: e.Result.Epoch, Refused: true, Snapshot: snapshot, SnapshotAt: e.Result.SnapshotAt}
}

// clip keeps an error within what the yard takes.
func clip(text string) string {
	if len(text) <= 2000 {
		return text
	}
	return strings.ToValidUTF8(text[:2000], "") + "…"
}
