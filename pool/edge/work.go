package edge

import (
	"context"
	"encoding/json"
	"time"

	"hashyard/pool"
	"hashyard/pool/job"

	"hashyard"
)

// followJobs offers what the yard offers, and for a while the last of it when
// the yard is away.
func (e *Edge) followJobs(ctx context.Context) error {
	var have uint64 // the job that is out; 0 when none is
	heardAt := time.Now()
	for ctx.Err() == nil {
		j, suspended, err := e.nextJob(ctx, have)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			if cut := time.Since(heardAt); have != 0 && cut > e.cfg.CutOff {
				e.suspend("the yard has been away for " + cut.Round(time.Second).String())
				have = 0
			}
			wait(ctx, 200*time.Millisecond)
			continue
		case suspended != "":
			if have != 0 || e.suspendedFor() != suspended {
				e.suspend(suspended)
				have = 0
			}
		case j != nil:
			hashyard.Hit(hashyard.AtEdgeJob)
			e.server.SetJob(j)
			e.mu.Lock()
			e.suspended = ""
			e.mu.Unlock()
			have = j.Seq
		}
		heardAt = time.Now()
	}
	return nil
}

func (e *Edge) suspend(reason string) {
	e.mu.Lock()
	e.suspended = reason
	e.mu.Unlock()
	e.cfg.Logger.Error("no work is offered", "reason", reason)
	e.server.Suspend(reason)
}

func (e *Edge) suspendedFor() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.suspended
}

func (e *Edge) nextJob(ctx context.Context, have uint64) (j *job.Job, suspended string, err error) {
	b, err := json.Marshal(jobAsk{have})
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, jobWait+askTimeout)
	defer cancel()
	m, err := e.request(ctx, toYard(e.number, verbJob), b)
	if err == nil {
		err = heard(m, nil)
	}
	if err != nil {
		return nil, "", err
	}
	if s := m.Header.Get(headSuspended); s != "" {
		return nil, s, nil
	}
	if len(m.Data) == 0 {
		return nil, "", nil
	}
	j, err = job.Decode(m.Data)
	return j, "", err
}

// reportSessions tells the yard who mines here, all of them every time.
func (e *Edge) reportSessions(ctx context.Context) error {
	const part = 500
	for ctx.Err() == nil {
		wait(ctx, helloEvery)
		infos := e.server.Sessions()
		parts := max(1, (len(infos)+part-1)/part)
		for n := range parts {
			ask := sessionsAsk{Part: n, Parts: parts, Sessions: []pool.Session{}}
			for _, i := range infos[n*part : min(len(infos), (n+1)*part)] {
				ask.Sessions = append(ask.Sessions, Session(i))
			}
			once, cancel := context.WithTimeout(ctx, askTimeout)
			err := e.ask(once, verbSessions, ask, nil)
			cancel()
			if err != nil {
				break // the next report is whole again
			}
		}
	}
	return nil
}
