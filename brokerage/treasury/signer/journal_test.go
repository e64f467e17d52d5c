package signer

import (
	"errors"
	"os"
	"testing"

	"hashyard"
)

var errDisk = errors.New("no space left on device")

// failing is a file whose disk is full or broken, when it is told to be.
type failing struct {
	*os.File
	short    int  // bytes the next write takes before it fails; -1: all
	sync     bool // the next sync fails
	truncate bool // truncating fails
}

func (f *failing) Write(b []byte) (int, error) {
	if f.short < 0 || f.short >= len(b) {
		return f.File.Write(b)
	}
	n, _ := f.File.Write(b[:f.short])
	f.short = -1
	return n, errDisk
}

func (f *failing) Sync() error {
	if f.sync {
		f.sync = false
		return errDisk
	}
	return f.File.Sync()
}

func (f *failing) Truncate(n int64) error {
	if f.truncate {
		return errDisk
	}
	return f.File.Truncate(n)
}

// fails puts a failing file under a signer's journal.
func (s *Signer) fails(t *testing.T) *failing {
	t.Helper()
	under, ok := s.log.f.(*os.File)
	if !ok {
		t.Fatalf("journal of %T", s.log.f)
	}
	f := &failing{File: under, short: -1}
	s.log.f = f
	return f
}

// TestAShortWriteLeavesAReadableJournal fails after every length of a line.
func TestAShortWriteLeavesAReadableJournal(t *testing.T) {
	t.Parallel()
	now, dir := noon, t.TempDir()
	s, req := enrolled(t, dir, &now)
	f := s.fails(t)
	lost := 0
	for short := 0; short < 900; short += 30 {
		f.short = short
		r := s.draft(t, with(req, func(r *Request) { r.Payout, r.Amount = hashyard.NewID(), 300 }), 1, nil)
		out, err := s.Sign(r)
		if f.short >= 0 { // the line was shorter than that
			break
		}
		lost++
		if !errors.Is(err, hashyard.Unavailable) || !errors.Is(err, errDisk) || out != (Signed{}) {
			t.Fatalf("write cut after %d bytes: %+v, %v", short, out, err)
		}
		if got := s.log.days[day(now)]; got != 0 {
			t.Fatalf("%d sat of the day are taken for what was never signed", got)
		}
	}
	if lost < 10 {
		t.Fatalf("only %d writes were cut", lost)
	}
	f.short = -1
	good := s.draft(t, req, 2, nil)
	first, err := s.Sign(good)
	if err != nil {
		t.Fatalf("with room again: %v", err)
	}
	s.Close()
	s = open(t, dir, &now)
	if again, err := s.Sign(good); err != nil || again != first || len(s.log.allowed) != 1 {
		t.Fatalf("after a restart: %+v, %v, %d enrolled", again, err, len(s.log.allowed))
	}
}

func TestNothingIsDecidedOnABrokenJournal(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(*failing){
		"sync":                              func(f *failing) { f.sync = true },
		"sync, and it cannot be cut":        func(f *failing) { f.sync, f.truncate = true, true },
		"short write, and it cannot be cut": func(f *failing) { f.short, f.truncate = 40, true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, dir := noon, t.TempDir()
			s, req := enrolled(t, dir, &now)
			old := s.draft(t, req, 1, nil)
			first, err := s.Sign(old)
			if err != nil {
				t.Fatal(err)
			}
			f := s.fails(t)
			fail(f)
			lost := s.draft(t, with(req, func(r *Request) { r.Payout = hashyard.NewID() }), 2, nil)
			for range 2 {
				if out, err := s.Sign(lost); !errors.Is(err, hashyard.Unavailable) || out != (Signed{}) {
					t.Fatalf("signed on a broken journal: %+v, %v", out, err)
				}
				if err := s.Enrol(Enrolment{req.Org, addr(t, 1)}); !errors.Is(err, hashyard.Unavailable) {
					t.Fatalf("enrolled on a broken journal: %v", err)
				}
				if _, err := s.Sign(old); !errors.Is(err, hashyard.Unavailable) {
					t.Fatalf("answered from a broken journal: %v", err)
				}
			}
			s.Close()
			s = open(t, dir, &now) // whatever reached the disk is readable
			if again, err := s.Sign(old); err != nil || again != first {
				t.Fatalf("reopened: %+v, %v", again, err)
			}
			if _, err := s.Sign(lost); err != nil {
				t.Fatalf("asked again: %v", err)
			}
		})
	}
}

// TestAllTransactionsOfAPayoutShareACoin: the first must not confirm beside
// the third.
func TestAllTransactionsOfAPayoutShareACoin(t *testing.T) {
	t.Parallel()
	now, dir := noon, t.TempDir()
	s, req := enrolled(t, dir, &now)
	first := s.draft(t, req, 1, nil)
	both := s.draft(t, with(req, func(r *Request) { r.Fee = 300 }), 1, s.addCoin(2))
	only := s.draft(t, with(req, func(r *Request) { r.Fee = 400 }), 2, nil)
	for _, r := range []Request{first, both} {
		if _, err := s.Sign(r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Sign(only); !errors.Is(err, hashyard.Denied) {
		t.Fatalf("a third that shares no coin with the first: %v", err)
	}
	s.Close()
	s = open(t, dir, &now)
	if _, err := s.Sign(only); !errors.Is(err, hashyard.Denied) {
		t.Fatalf("after a restart: %v", err)
	}
}
