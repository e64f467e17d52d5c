package agent

import (
	"context"
	"sync"
	"time"

	"hashyard"
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
		for _, c := range got {
			if !a.begin(c.ID) {
				continue
			}
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
	}
	return nil
}

func (a *Agent) begin(id hashyard.ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running[id] {
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
// and those whose result waits for the yard.
func (a *Agent) knows(ctx context.Context) []hashyard.ID {
	a.mu.Lock()
	ids := map[hashyard.ID]bool{}
	for id := range a.running {
		ids[id] = true
	}
	a.mu.Unlock()
	waiting, err := a.journal.waiting()
	if err != nil {
		a.log.WarnContext(ctx, "journal not readable", "error", err)
	}
	for _, e := range waiting {
		ids[e.Command] = true
	}
	out := make([]hashyard.ID, 0, len(ids))
	for id := range ids {
		if len(out) < 64 {
			out = append(out, id)
		}
	}
	return out
}

// execute carries out one command, or only its posting when its result is on
// disk already.
func (a *Agent) execute(ctx context.Context, c fleet.Command) {
	e, err := a.journal.load(c.ID)
	if err != nil {
		// A command whose past is unknown is not carried out: its snapshot of
		// the old pools would be lost for good.
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
		e.Result = &res
		if err := a.journal.save(e); err != nil {
			a.log.ErrorContext(ctx, "result not kept, command will come again", "command", c.ID, "error", err)
			return
		}
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
		err := a.yard.result(ctx, e.Command, *e.Result)
		if err != nil && !hopeless(err) {
			left++
			if ctx.Err() == nil {
				a.log.WarnContext(ctx, "result not posted, will retry", "command", e.Command, "error", err)
			}
			continue
		}
		settle := a.journal.drop
		if err != nil {
			a.log.ErrorContext(ctx, "the yard refuses the result, set aside", "command", e.Command, "error", err)
			settle = a.journal.setAside
		}
		if err := settle(e.Command); err != nil {
			a.log.WarnContext(ctx, "journal entry not settled", "command", e.Command, "error", err)
		}
	}
	return left
}
