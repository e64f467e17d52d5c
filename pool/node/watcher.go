package node

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// TemplateSource gives templates; *Client is one.
type TemplateSource interface {
	Template(ctx context.Context, longPollID string) (*Template, error)
}

// WatcherConfig sets up a Watcher. Source is required.
type WatcherConfig struct {
	Source TemplateSource
	// OnTemplate gets each new template, in order, from Run's goroutine. It
	// should return quickly: the next template waits for it.
	OnTemplate func(ctx context.Context, t *Template)
	// Refresh is the longest a template is kept while nothing happens, so that
	// times move on and miners hear from us; 0 is 30 s.
	Refresh time.Duration
	Logger  *slog.Logger
	Now     func() time.Time
}

// Watcher keeps the newest template of one node: by long poll for new tips and
// fees, by a timer when all is quiet.
type Watcher struct {
	cfg WatcherConfig

	mu     sync.Mutex // guards newest and health
	newest *Template
	health Health
}

// Health is how well the watcher sees the node.
type Health struct {
	TipHash   [32]byte
	TipHeight int64     // height of the tip, one below the template's
	TipSince  time.Time // when this tip was first seen here
	Seen      time.Time // when the node last gave a template
	LastError string    // empty while the node answers
	FailingAt time.Time // since when it does not; zero while it does
	Failures  int64     // questions without an answer since the start
}

// The pauses between attempts while the node does not answer.
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// NewWatcher makes a watcher; nothing happens before Run.
func NewWatcher(cfg WatcherConfig) *Watcher {
	if cfg.Refresh == 0 {
		cfg.Refresh = 30 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Watcher{cfg: cfg}
}

// Newest is the newest template, or nil before the first.
func (w *Watcher) Newest() *Template {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.newest
}

// Health is a copy of the present state.
func (w *Watcher) Health() Health {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.health
}

// Run watches until ctx ends, which is its only error.
func (w *Watcher) Run(ctx context.Context) error {
	pause := firstRetry
	longPollID := ""
	for ctx.Err() == nil {
		t, err := w.next(ctx, longPollID)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			w.failed(ctx, err)
			longPollID = ""
			if !sleep(ctx, pause) {
				break
			}
			pause = min(2*pause, lastRetry)
			continue
		}
		pause = firstRetry
		w.took(ctx, t)
		if w.cfg.OnTemplate != nil {
			w.cfg.OnTemplate(ctx, t)
		}
		longPollID = t.LongPollID
		if longPollID == "" && !sleep(ctx, time.Second) { // a node without long poll
			break
		}
	}
	return ctx.Err()
}

// next long-polls for at most Refresh, then asks for the present template.
func (w *Watcher) next(ctx context.Context, longPollID string) (*Template, error) {
	if longPollID == "" {
		return w.cfg.Source.Template(ctx, "")
	}
	wait, cancel := context.WithTimeout(ctx, w.cfg.Refresh)
	defer cancel()
	t, err := w.cfg.Source.Template(wait, longPollID)
	if err != nil && errors.Is(wait.Err(), context.DeadlineExceeded) {
		return w.cfg.Source.Template(ctx, "")
	}
	return t, err
}

func (w *Watcher) took(ctx context.Context, t *Template) {
	now := w.cfg.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.health.LastError != "" {
		w.cfg.Logger.InfoContext(ctx, "node answers again", "silent_s", int(now.Sub(w.health.FailingAt).Seconds()))
	}
	if w.newest == nil || w.newest.PrevHash != t.PrevHash {
		w.health.TipHash, w.health.TipHeight, w.health.TipSince = t.PrevHash, t.Height-1, now
	}
	w.newest = t
	w.health.Seen, w.health.LastError, w.health.FailingAt = now, "", time.Time{}
}

// failed records; only the first failure of a row is logged.
func (w *Watcher) failed(ctx context.Context, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.health.LastError == "" {
		w.health.FailingAt = w.cfg.Now()
		w.cfg.Logger.WarnContext(ctx, "node gives no template", "err", err)
	}
	w.health.LastError = err.Error()
	w.health.Failures++
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
