package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hashyard"
)

// Queue is where mails wait; web/postgres has it.
type Queue interface {
	// TakeMails leases up to n due mails, which no other process gets
	// meanwhile. One that was leased before and never ended becomes unsure.
	TakeMails(ctx context.Context, lease time.Duration, n int) ([]Sealed, error)
	// EndMail closes a taken mail and forgets its text.
	EndMail(ctx context.Context, id hashyard.ID, outcome Outcome, why string) error
	// RetryMail gives a taken mail back, not before the pause is over.
	RetryMail(ctx context.Context, id hashyard.ID, pause time.Duration, why string) error
}

// Outcome is how a mail ended.
type Outcome string

// The outcomes.
const (
	Sent   Outcome = "sent"
	Failed Outcome = "failed" // refused for good, or for too long
	Unsure Outcome = "unsure" // handed over whole, and no answer came
)

// Carrier takes a mail away. A nil error is a mail that was taken over; the
// other ends are ErrRefused, ErrUnsure, and anything else: certainly not
// taken, to be tried again.
type Carrier interface {
	Carry(ctx context.Context, m Mail) error
}

// The ends that are no reason to try again.
var (
	ErrRefused = errors.New("refused for good")
	ErrUnsure  = errors.New("the connection broke after the whole mail was handed over")
)

// SenderConfig is what a Sender needs.
type SenderConfig struct {
	Queue   Queue
	Carrier Carrier
	Seal    *Seal
	Log     *slog.Logger
	Every   time.Duration // pace of looking; default 2 s
	Timeout time.Duration // for one mail; default 1 min
}

// Sender brings queued mails away.
type Sender struct{ cfg SenderConfig }

// NewSender makes a sender; Run starts it.
func NewSender(cfg SenderConfig) *Sender {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Every == 0 {
		cfg.Every = 2 * time.Second
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = time.Minute
	}
	return &Sender{cfg}
}

// batch is how many mails are taken at once: few, as they go one by one within
// a lease.
const batch = 8

// Run sends until ctx ends.
func (s *Sender) Run(ctx context.Context) error {
	tick := time.NewTicker(s.cfg.Every)
	defer tick.Stop()
	for {
		if _, err := s.Round(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "mails not sent", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Round sends what is due now and says how many mails it took.
func (s *Sender) Round(ctx context.Context) (int, error) {
	mails, err := s.cfg.Queue.TakeMails(ctx, (batch+1)*s.cfg.Timeout, batch)
	if err != nil {
		return 0, fmt.Errorf("take mails: %w", err)
	}
	var failed []error
	for _, b := range mails {
		if err := s.send(ctx, b); err != nil {
			failed = append(failed, err)
		}
	}
	return len(mails), errors.Join(failed...)
}

func (s *Sender) send(ctx context.Context, b Sealed) error {
	m, err := s.cfg.Seal.Open(b)
	if err != nil {
		return s.end(ctx, b, Failed, err)
	}
	if ctx.Err() != nil {
		return s.settle(ctx, func(ctx context.Context) error { return s.cfg.Queue.RetryMail(ctx, b.ID, 0, "the process ended") })
	}
	c, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	err = s.cfg.Carrier.Carry(c, m)
	cancel()
	switch {
	case err == nil:
		return s.end(ctx, b, Sent, nil)
	case errors.Is(err, ErrRefused):
		return s.end(ctx, b, Failed, err)
	case errors.Is(err, ErrUnsure):
		return s.end(ctx, b, Unsure, err)
	}
	pause, again := Pause(b.Attempts)
	if !again {
		return s.end(ctx, b, Failed, fmt.Errorf("given up after %d tries: %w", b.Attempts, err))
	}
	s.cfg.Log.InfoContext(ctx, "mail not sent, will be tried again", "mail_id", b.ID, "attempts", b.Attempts, "pause", pause, "error", err)
	return s.settle(ctx, func(ctx context.Context) error { return s.cfg.Queue.RetryMail(ctx, b.ID, pause, err.Error()) })
}

func (s *Sender) end(ctx context.Context, b Sealed, o Outcome, cause error) error {
	why := ""
	if cause != nil {
		why = cause.Error()
	}
	if o != Sent {
		s.cfg.Log.WarnContext(ctx, "mail ended", "mail_id", b.ID, "outcome", o, "attempts", b.Attempts, "error", why)
	}
	return s.settle(ctx, func(ctx context.Context) error { return s.cfg.Queue.EndMail(ctx, b.ID, o, why) })
}

// settle writes what happened also when the process is being ended: a sent
// mail that stays "sending" would be unsure for ever.
func (s *Sender) settle(ctx context.Context, fn func(context.Context) error) error {
	c, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return fn(c)
}

// Pause is how long to wait after the given number of tries: 30 s, doubling to
// four hours, for about three days. Greylisting servers ask for minutes.
func Pause(attempts int) (d time.Duration, again bool) {
	if attempts > 26 {
		return 0, false
	}
	return min(30*time.Second<<min(attempts-1, 12), 4*time.Hour), true
}
