package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"hashyard"
)

// compose is the mail as bytes on the wire. The message id is the mail's own
// at every try, so that a mailbox that got one twice can tell.
func compose(from string, m Mail) (*gomail.Msg, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithCharset(gomail.CharsetUTF8), gomail.WithNoDefaultUserAgent())
	if err := msg.From(from); err != nil {
		return nil, hashyard.Invalid.Errorf("sender of mails %q: %w", from, err)
	}
	if err := msg.To(m.To); err != nil {
		return nil, hashyard.Invalid.Errorf("mail %s: %w", m.ID, err)
	}
	domain := "hashyard"
	if a, err := mail.ParseAddress(from); err == nil {
		_, domain, _ = strings.Cut(a.Address, "@")
	}
	msg.SetMessageIDWithValue(m.ID.String() + "@" + domain)
	msg.SetDateWithValue(m.At)
	// Nobody's vacation answers a machine.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.Subject(m.Subject)
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	return msg, nil
}

// SMTP hands mails to a server.
type SMTP struct {
	from string
	host string
	opts []gomail.Option
}

// NewSMTP reads a server's address: smtps://user:password@host:465 for TLS from
// the first byte, smtp://…:587 for STARTTLS, which is demanded of every host
// but this machine itself.
func NewSMTP(address, from string) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") || (u.Path != "" && u.Path != "/") {
		return nil, hashyard.Invalid.Errorf("mail server: want smtp://host:587 or smtps://host:465, with user and password before an @")
	}
	if a, err := mail.ParseAddress(from); err != nil || !strings.Contains(a.Address, "@") {
		return nil, hashyard.Invalid.Errorf("sender of mails %q is not an address", from)
	}
	s := &SMTP{from: from, host: u.Hostname()}
	local := s.host == "127.0.0.1" || s.host == "::1" || s.host == "localhost"
	switch {
	case u.Scheme == "smtps":
		s.opts = append(s.opts, gomail.WithSSL(), gomail.WithPort(465))
	case local:
		s.opts = append(s.opts, gomail.WithTLSPolicy(gomail.TLSOpportunistic), gomail.WithPort(25))
	default:
		s.opts = append(s.opts, gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithPort(587))
	}
	if p := u.Port(); p != "" {
		n, err := strconv.Atoi(p)
		if err != nil {
			return nil, hashyard.Invalid.Errorf("mail server: port %q", p)
		}
		s.opts = append(s.opts, gomail.WithPort(n))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		auth := gomail.SMTPAuthAutoDiscover
		if local {
			auth = gomail.SMTPAuthPlainNoEnc
		}
		s.opts = append(s.opts, gomail.WithSMTPAuth(auth), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	return s, nil
}

// Carry sends one mail over a connection of its own.
func (s *SMTP) Carry(ctx context.Context, m Mail) error {
	msg, err := compose(s.from, m)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	timeout := 30 * time.Second
	if end, ok := ctx.Deadline(); ok {
		timeout = max(time.Until(end), time.Second)
	}
	client, err := gomail.NewClient(s.host, append(slices.Clone(s.opts), gomail.WithTimeout(timeout), gomail.WithoutNoop())...)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	defer func() { _ = client.CloseWithSMTPClient(conn) }() // what was said is said
	return judge(client.SendWithSMTPClient(conn, msg))
}

// judge says what an error of the conversation means for the mail.
func judge(err error) error {
	if err == nil {
		return nil
	}
	var se *gomail.SendError
	if !errors.As(err, &se) {
		return err
	}
	code := se.ErrorCode()
	switch {
	case se.Reason == gomail.ErrSMTPReset:
		return nil // the mail was taken; only tidying up after it failed
	case code >= 500 && code < 600:
		return fmt.Errorf("%w: %w", ErrRefused, err)
	case code >= 400:
		return err
	case se.Reason == gomail.ErrSMTPDataClose:
		// RFC 5321 4.2.5: the end of the data was sent, and no answer came.
		return fmt.Errorf("%w: %w", ErrUnsure, err)
	}
	return err
}

// Folder puts mails into a folder as .eml files, for a world without a server.
type Folder struct {
	dir, from string
	log       *slog.Logger
}

// NewFolder makes the folder.
func NewFolder(dir, from string, log *slog.Logger) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of mails: %w", err)
	}
	if from == "" {
		from = "hashyard@localhost.localdomain"
	}
	return &Folder{dir, from, log}, nil
}

// Carry writes the file whole or not at all; again, it is the same file.
func (f *Folder) Carry(ctx context.Context, m Mail) error {
	msg, err := compose(f.from, m)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return fmt.Errorf("write mail %s: %w", m.ID, err)
	}
	path := filepath.Join(f.dir, m.ID.String()+".eml")
	if err := os.WriteFile(path+".new", b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write mail %s: %w", m.ID, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write mail %s: %w", m.ID, err)
	}
	f.log.InfoContext(ctx, "mail written", "file", path)
	return nil
}

// Letter is a mail of the folder, as its reader sees it.
type Letter struct {
	ID      hashyard.ID `json:"id"`
	At      time.Time   `json:"at"`
	To      string      `json:"to"`
	Subject string      `json:"subject"`
	Text    string      `json:"text"`
}

// Last are the newest mails of the folder, newest first. Names are ids, which
// sort by time.
func (f *Folder) Last(n int) ([]Letter, error) {
	files, err := filepath.Glob(filepath.Join(f.dir, "*.eml"))
	if err != nil {
		return nil, fmt.Errorf("folder of mails: %w", err)
	}
	slices.Sort(files)
	slices.Reverse(files)
	out := []Letter{}
	for _, path := range files[:min(n, len(files))] {
		l, err := read(path)
		if err != nil {
			return nil, fmt.Errorf("mail %s: %w", filepath.Base(path), err)
		}
		out = append(out, l)
	}
	return out, nil
}

func read(path string) (Letter, error) {
	msg, err := gomail.EMLToMsgFromFile(path)
	if err != nil {
		return Letter{}, err
	}
	l := Letter{}
	if l.Subject, err = new(mime.WordDecoder).DecodeHeader(strings.Join(msg.GetGenHeader(gomail.HeaderSubject), " ")); err != nil {
		return Letter{}, err
	}
	l.ID, err = hashyard.ParseID(strings.TrimSuffix(filepath.Base(path), ".eml"))
	if err != nil {
		return Letter{}, err
	}
	l.At = l.ID.Time()
	if to := msg.GetTo(); len(to) > 0 {
		l.To = to[0].Address
	}
	for _, p := range msg.GetParts() {
		b, err := p.GetContent()
		if err != nil {
			return Letter{}, err
		}
		l.Text += strings.ReplaceAll(string(b), "\r\n", "\n")
	}
	return l, nil
}
