package signer

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"hashyard"
)

// enrolled is a signer with one organisation's address.
func enrolled(t *testing.T, dir string, now *time.Time) (*Signer, Request) {
	t.Helper()
	s := open(t, dir, now)
	org := hashyard.NewID()
	if err := s.Enrol(Enrolment{org, addr(t, 0)}); err != nil {
		t.Fatal(err)
	}
	return s, Request{Payout: hashyard.NewID(), Org: org, Address: addr(t, 0), Amount: 5_000, Fee: 200}
}

func TestTheDayCountsFees(t *testing.T) {
	t.Parallel()
	now, dir := noon, t.TempDir()
	s, req := enrolled(t, dir, &now)
	sign := func(payout hashyard.ID, amount, fee hashyard.Sats, coin byte) error {
		r := req
		r.Payout, r.Amount, r.Fee = payout, amount, fee
		_, err := s.Sign(s.draft(t, r, coin, nil))
		return err
	}
	left := func(want hashyard.Sats) {
		t.Helper()
		if got := limits().PerDay - s.log.days[day(now)]; got != want {
			t.Fatalf("%d sat are left of the day, want %d", got, want)
		}
	}
	a, b, c := hashyard.NewID(), hashyard.NewID(), hashyard.NewID()
	if err := errors.Join(sign(a, 9_000, 500, 1), sign(b, 4_000, 500, 2)); err != nil {
		t.Fatal(err)
	}
	left(1_000)
	if err := sign(c, 900, 101, 3); !errors.Is(err, hashyard.Exhausted) {
		t.Fatalf("one satoshi of fee too much: %v", err)
	}
	// Of a payout's transactions one confirms: a replacement counts the rest.
	if err := sign(a, 9_000, 900, 1); err != nil {
		t.Fatal(err)
	}
	left(600)
	if err := errors.Join(sign(a, 9_000, 700, 1), sign(a, 9_000, 900, 1), sign(a, 9_000, 500, 1)); err != nil {
		t.Fatalf("less than before, and the same again: %v", err)
	}
	left(600)
	if err := sign(b, 4_000, 1_000, 2); err != nil {
		t.Fatal(err)
	}
	left(100)
	if err := sign(a, 9_000, 1_000, 1); err != nil {
		t.Fatalf("the last 100 sat: %v", err)
	}
	left(0)
	s.Close()
	s = open(t, dir, &now)
	left(0)
	now = now.Add(24 * time.Hour)
	if err := sign(c, 900, 101, 3); err != nil {
		t.Fatalf("next day: %v", err)
	}
}

// TestTheDaysLimitIsNotALastWord says so in HTTP's words too.
func TestTheDaysLimitIsNotALastWord(t *testing.T) {
	t.Parallel()
	now := noon
	s, req := enrolled(t, t.TempDir(), &now)
	var status []int
	h := Handler(s, "hush", slog.New(slog.NewTextHandler(io.Discard, nil)))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		status = append(status, rec.Code)
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
	defer srv.Close()
	c := NewClient(srv.URL, "hush")
	pay := func(coin byte) error {
		_, err := c.Sign(t.Context(), s.draft(t, with(req, func(r *Request) { r.Payout, r.Amount = hashyard.ID{15: coin}, 8_000 }), coin, nil))
		return err
	}
	if err := pay(1); err != nil {
		t.Fatal(err)
	}
	if err := pay(2); !errors.Is(err, hashyard.Exhausted) {
		t.Fatalf("above the day's limit: %v", err)
	}
	now = now.Add(12 * time.Hour)
	if err := pay(2); err != nil {
		t.Fatalf("the same one tomorrow: %v", err)
	}
	if !slices.Equal(status, []int{200, 429, 200}) {
		t.Fatalf("statuses %v", status)
	}
}

func TestADayHasRoomForAPayout(t *testing.T) {
	t.Parallel()
	for _, l := range []Limits{{}, {1, 1, 1}, {10_000, 10_999, 1_000}, {-1, 10, 1}, {1 << 62, 1 << 62, 1 << 62}} {
		if _, err := New(Config{Dir: t.TempDir(), Limits: l}); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

// TestNewEnrolmentReplacesTheOld: an organisation has one address.
func TestNewEnrolmentReplacesTheOld(t *testing.T) {
	t.Parallel()
	now, dir := noon, t.TempDir()
	s, req := enrolled(t, dir, &now)
	signedBefore := s.draft(t, req, 1, nil)
	first, err := s.Sign(signedBefore)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Enrol(Enrolment{req.Org, addr(t, 1)}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // and after a restart
		drafted := with(req, func(r *Request) { r.Payout = hashyard.NewID() })
		if _, err := s.Sign(s.draft(t, drafted, 2, nil)); !errors.Is(err, hashyard.Denied) {
			t.Fatalf("to the old address: %v", err)
		}
		if _, err := s.Sign(s.draft(t, with(req, func(r *Request) { r.Fee = 300 }), 1, nil)); !errors.Is(err, hashyard.Denied) {
			t.Fatalf("a replacement to the old address: %v", err)
		}
		if again, err := s.Sign(signedBefore); err != nil || again != first {
			t.Fatalf("the same bytes again: %+v, %v", again, err)
		}
		for name, r := range map[string]Request{
			"address":      with(signedBefore, func(r *Request) { r.Address = addr(t, 1) }),
			"amount":       with(signedBefore, func(r *Request) { r.Amount++ }),
			"fee":          with(signedBefore, func(r *Request) { r.Fee++ }),
			"organisation": with(signedBefore, func(r *Request) { r.Org = hashyard.NewID() }),
		} {
			if _, err := s.Sign(r); !errors.Is(err, hashyard.Denied) {
				t.Fatalf("the same bytes with another %s: %v", name, err)
			}
		}
		s.Close()
		s = open(t, dir, &now)
	}
	if _, err := s.Sign(s.draft(t, with(req, func(r *Request) { r.Payout, r.Address = hashyard.NewID(), addr(t, 1) }), 3, nil)); err != nil {
		t.Fatalf("to the new one: %v", err)
	}
	if err := s.Enrol(Enrolment{req.Org, addr(t, 0)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign(s.draft(t, with(req, func(r *Request) { r.Payout, r.Amount = hashyard.NewID(), 1_000 }), 4, nil)); err != nil {
		t.Fatalf("to the first, enrolled again: %v", err)
	}
}
