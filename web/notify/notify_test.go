package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/mail"
	"strings"
	"testing"
	"time"

	"hashyard"
)

// FuzzHeaders: nothing that somebody may choose adds a header, a recipient or
// a line to a mail.
func FuzzHeaders(f *testing.F) {
	for _, s := range []string{"ann@north.example", "a@b\r\nBcc: c@d", "a@b\nX: y", "<a@b>", "a@b, c@d", "\"a b\"@c", "a@b\x00", "ä@b.example", "a@[127.0.0.1]", "=?utf-8?q?a?=@b", "a\u2028@b"} {
		f.Add(s, s, s)
	}
	f.Add("ann@north.example", strings.Repeat("ä", 90), ".\r\n.\r\nQUIT\r\n")
	f.Fuzz(func(t *testing.T, to, subject, text string) {
		m := letter()
		m.To, m.Subject, m.Text = to, subject, text
		msg, err := compose("yard@house.example", m)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if _, err := msg.WriteTo(&b); err != nil {
			t.Fatalf("to %q subject %q: %v", to, subject, err)
		}
		got, err := mail.ReadMessage(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatalf("%v in %q", err, b.String())
		}
		known := map[string]bool{
			"Date": true, "Mime-Version": true, "Message-Id": true, "Subject": true, "From": true, "To": true,
			"Auto-Submitted": true, "Content-Type": true, "Content-Transfer-Encoding": true,
		}
		for name, values := range got.Header {
			if !known[name] || len(values) != 1 {
				t.Errorf("header %s: %q", name, values)
			}
		}
		list, err := got.Header.AddressList("To")
		if err != nil || len(list) != 1 || list[0].Address != to {
			t.Errorf("to %q: %v, %v", to, list, err)
		}
		dec, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
		if err != nil || strings.Join(strings.Fields(dec), " ") != strings.Join(strings.Fields(subject), " ") {
			t.Errorf("subject %q came as %q, %v", subject, dec, err)
		}
	})
}

func TestSeal(t *testing.T) {
	t.Parallel()
	s, err := NewSeal([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	m := letter()
	b, err := s.Close(m)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Box, []byte("join#abc")) {
		t.Error("the text can be read")
	}
	if got, err := s.Open(b); err != nil || got != m {
		t.Errorf("opened %+v, %v", got, err)
	}
	other, err := NewSeal([32]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open(b); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("another key: %v", err)
	}
	b.To = "eve@evil.example"
	if _, err := s.Open(b); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("another recipient: %v", err)
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	f, err := NewFolder(t.TempDir(), "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	first, second := letter(), letter()
	for _, m := range []Mail{first, second, first} { // the same one again is the same file
		if err := f.Carry(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	got, err := f.Last(10)
	if err != nil || len(got) != 2 {
		t.Fatalf("%d mails, %v", len(got), err)
	}
	if l := got[0]; l.ID != second.ID || l.To != second.To || l.Subject != second.Subject || strings.TrimSpace(l.Text) != strings.TrimSpace(second.Text) {
		t.Errorf("newest: %+v", l)
	}
	if got, err := f.Last(1); err != nil || len(got) != 1 {
		t.Errorf("last one: %d, %v", len(got), err)
	}
}

// script is a carrier and a queue of one mail at a time.
type script struct {
	seal   *Seal
	queued []Sealed
	answer error
	log    []string
}

func (s *script) Carry(context.Context, Mail) error { return s.answer }

func (s *script) TakeMails(context.Context, time.Duration, int) ([]Sealed, error) {
	out := s.queued
	s.queued = nil
	return out, nil
}

func (s *script) EndMail(_ context.Context, _ hashyard.ID, o Outcome, _ string) error {
	s.log = append(s.log, string(o))
	return nil
}

func (s *script) RetryMail(_ context.Context, _ hashyard.ID, pause time.Duration, _ string) error {
	s.log = append(s.log, "again in "+pause.String())
	return nil
}

func TestSenderOutcomes(t *testing.T) {
	t.Parallel()
	seal, err := NewSeal([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		answer   error
		attempts int
		want     string
	}{
		{"taken", nil, 1, "sent"},
		{"refused", fmt.Errorf("%w: 550", ErrRefused), 1, "failed"},
		{"broke off", fmt.Errorf("%w: eof", ErrUnsure), 1, "unsure"},
		{"not reached", errors.New("dial"), 1, "again in 30s"},
		{"not reached again", errors.New("dial"), 4, "again in 4m0s"},
		{"for days", errors.New("dial"), 20, "again in 4h0m0s"},
		{"for too long", errors.New("dial"), 27, "failed"},
	} {
		b, err := seal.Close(letter())
		if err != nil {
			t.Fatal(err)
		}
		b.Attempts = tt.attempts
		s := &script{seal: seal, queued: []Sealed{b}, answer: tt.answer}
		if n, err := NewSender(SenderConfig{Queue: s, Carrier: s, Seal: seal}).Round(t.Context()); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", tt.name, n, err)
		}
		if got := strings.Join(s.log, ", "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	// A process that ends gives back what it has not begun.
	b, err := seal.Close(letter())
	if err != nil {
		t.Fatal(err)
	}
	s := &script{queued: []Sealed{b}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewSender(SenderConfig{Queue: s, Carrier: s, Seal: seal}).Round(ctx); err != nil || s.log[0] != "again in 0s" {
		t.Errorf("ended: %v, %v", s.log, err)
	}
	var total time.Duration
	for n := 1; ; n++ {
		d, again := Pause(n)
		if !again {
			break
		}
		total += d
	}
	if total < 60*time.Hour || total > 84*time.Hour {
		t.Errorf("a mail is tried for %s", total)
	}
}
