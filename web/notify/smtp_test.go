package notify

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"hashyard"
)

// server is an SMTP server that fails on demand.
type server struct {
	t    *testing.T
	l    net.Listener
	wg   sync.WaitGroup
	mu   sync.Mutex // guards the rest
	fail string     // what goes wrong with the next mail
	got  []string   // mails taken over, as their raw text
	rcpt []string
}

func newServer(t *testing.T) *server {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, l: l}
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.wg.Go(func() { s.talk(c) })
		}
	})
	t.Cleanup(func() { l.Close(); s.wg.Wait() })
	return s
}

func (s *server) failWith(how string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = how
}

func (s *server) how() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fail
}

func (s *server) mails() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.got...)
}

func (s *server) talk(c net.Conn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	r := bufio.NewReader(c)
	say := func(line string) { fmt.Fprintf(c, "%s\r\n", line) }
	if s.how() == "busy" {
		say("421 4.3.2 too many connections")
		return
	}
	say("220 mx.test ESMTP")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(strings.TrimSpace(line))
		switch {
		case strings.HasPrefix(verb, "EHLO"), strings.HasPrefix(verb, "HELO"):
			say("250-mx.test")
			say("250 8BITMIME")
		case strings.HasPrefix(verb, "MAIL"):
			say("250 2.1.0 ok")
		case strings.HasPrefix(verb, "RCPT"):
			switch s.how() {
			case "greylisted":
				say("451 4.7.1 greylisted, come back in five minutes")
				continue
			case "unknown":
				say("550 5.1.1 no such user")
				continue
			}
			s.mu.Lock()
			s.rcpt = append(s.rcpt, strings.TrimSpace(line))
			s.mu.Unlock()
			say("250 2.1.5 ok")
		case verb == "DATA":
			if !s.data(r, say) {
				return
			}
		case verb == "QUIT":
			say("221 bye")
			return
		default: // RSET, NOOP
			say("250 ok")
		}
	}
}

func (s *server) data(r *bufio.Reader, say func(string)) bool {
	how := s.how()
	if how == "full" {
		say("452 4.3.1 disk full")
		return true
	}
	say("354 go on")
	var text strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		if text.WriteString(line); how == "cut" {
			return false // before the end of the data
		}
	}
	switch how {
	case "spam":
		say("554 5.7.1 looks like spam")
		return true
	case "late":
		say("451 4.3.0 not now")
		return true
	}
	s.mu.Lock()
	s.got = append(s.got, text.String())
	s.mu.Unlock()
	if how == "silent" {
		return false // taken over, and the answer never leaves
	}
	say("250 2.0.0 queued")
	return how != "gone" // "gone": closes before RSET
}

func letter() Mail {
	return Mail{
		ID: hashyard.NewID(), Key: "k", To: "ann@north.example", Subject: "North Häsh invites you", At: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC),
		Text: "Accept here:\nhttps://yard.example/join#abc\n.\na line of one dot is above; Grüße\n",
	}
}

func TestSMTPFailsAsServersDo(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c, err := NewSMTP("smtp://"+s.l.Addr().String(), "hashyard <yard@house.example>")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		how   string
		want  string // "", "again", "refused", "unsure"
		taken int
	}{
		{"", "", 1},
		{"greylisted", "again", 0},
		{"full", "again", 0},
		{"late", "again", 0},
		{"busy", "again", 0},
		// A short mail is on its way whole before its sender notices.
		{"cut", "unsure", 0},
		{"unknown", "refused", 0},
		{"spam", "refused", 0},
		{"silent", "unsure", 1},
		{"gone", "", 1},
	} {
		before := len(s.mails())
		s.failWith(tt.how)
		err := c.Carry(t.Context(), letter())
		got := "again"
		switch {
		case err == nil:
			got = ""
		case errors.Is(err, ErrRefused):
			got = "refused"
		case errors.Is(err, ErrUnsure):
			got = "unsure"
		}
		if got != tt.want || len(s.mails())-before != tt.taken {
			t.Errorf("%s: %q (%v), %d taken; want %q, %d", tt.how, got, err, len(s.mails())-before, tt.want, tt.taken)
		}
	}
	text := s.mails()[0]
	for _, has := range []string{"From: \"hashyard\" <yard@house.example>\r\n", "To: <ann@north.example>\r\n", "Auto-Submitted: auto-generated\r\n", "\r\n..\r\n"} {
		if !strings.Contains(text, has) {
			t.Errorf("the mail lacks %q:\n%s", has, text)
		}
	}
	l := s.l.Addr().String()
	s.l.Close()
	if err := c.Carry(t.Context(), letter()); err == nil || errors.Is(err, ErrRefused) || errors.Is(err, ErrUnsure) {
		t.Errorf("with no server at %s: %v", l, err)
	}
}

func TestSMTPAddresses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "mail.example:25", "http://mail.example", "smtp://", "smtp://mail.example/path", "smtp://mail.example:x"} {
		if _, err := NewSMTP(bad, "yard@house.example"); !errors.Is(err, hashyard.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := NewSMTP("smtps://u:p@mail.example", "no address"); !errors.Is(err, hashyard.Invalid) {
		t.Errorf("sender: %v", err)
	}
	if _, err := NewSMTP("smtps://u:p@mail.example", "yard@house.example"); err != nil {
		t.Error(err)
	}
}
