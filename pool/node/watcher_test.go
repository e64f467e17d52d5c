package node

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// script is a node that answers when its test says so.
type script struct {
	asked   chan string // long poll ids, in order
	answers chan func() (*Template, error)
}

func (s *script) Template(ctx context.Context, id string) (*Template, error) {
	s.asked <- id
	select {
	case a := <-s.answers:
		return a()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *script) answer(t *Template, err error) {
	s.answers <- func() (*Template, error) { return t, err }
}

func onTip(tip byte, id string) *Template {
	return &Template{PrevHash: [32]byte{tip}, Height: int64(tip) + 1, LongPollID: id}
}

func TestWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{asked: make(chan string, 1), answers: make(chan func() (*Template, error))}
		var seen []int64
		w := NewWatcher(WatcherConfig{
			Source: s, Refresh: 30 * time.Second,
			OnTemplate: func(_ context.Context, t *Template) { seen = append(seen, t.Height) },
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		want := func(id string) {
			t.Helper()
			if got := <-s.asked; got != id {
				t.Fatalf("asked with %q, want %q", got, id)
			}
		}
		if w.Newest() != nil {
			t.Error("a template before any")
		}
		want("")
		s.answer(onTip(1, "a"), nil)
		want("a") // long poll
		start := time.Now()
		s.answer(onTip(2, "b"), nil) // a new tip
		want("b")
		synctest.Wait()
		if h := w.Health(); h.TipHeight != 2 || !h.TipSince.Equal(start) || h.LastError != "" {
			t.Errorf("health %+v", h)
		}
		want("") // after 30 s of silence it asks anew
		if got := time.Since(start); got != 30*time.Second {
			t.Errorf("refreshed after %v", got)
		}
		s.answer(onTip(2, "c"), nil)
		want("c")
		if h := w.Health(); !h.TipSince.Equal(start) || !h.Seen.Equal(start.Add(30*time.Second)) {
			t.Errorf("health after a refresh: %+v", h)
		}
		failedAt := time.Now()
		s.answer(nil, errors.New("gone"))
		for _, pause := range []time.Duration{250, 500, 1000, 2000, 4000, 5000, 5000} {
			before := time.Now()
			want("")
			if got := time.Since(before); got != pause*time.Millisecond {
				t.Errorf("tried again after %v, want %v ms", got, pause)
			}
			if h := w.Health(); h.LastError != "gone" || !h.FailingAt.Equal(failedAt) {
				t.Errorf("health while failing: %+v", h)
			}
			s.answer(nil, errors.New("gone"))
		}
		want("")
		s.answer(onTip(3, ""), nil) // a node without long poll
		before := time.Now()
		want("")
		if time.Since(before) != time.Second {
			t.Errorf("polled after %v", time.Since(before))
		}
		if h := w.Health(); h.LastError != "" || h.TipHeight != 3 {
			t.Errorf("health after recovery: %+v", h)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("run ended with %v", err)
		}
		if diff := cmp.Diff([]int64{2, 3, 3, 4}, seen); diff != "" {
			t.Error(diff)
		}
	})
}
