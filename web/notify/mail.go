package notify

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"hashyard"
)

// Mail is one message to one person, in plain text.
type Mail struct {
	ID  hashyard.ID
	Org hashyard.ID // whose matter it is; zero: the house's
	// Key is what the mail is about, for ever: the same key is one mail.
	Key     string
	To      string
	Subject string
	Text    string
	At      time.Time
}

// Bounds of a mail.
const (
	maxSubject = 200
	maxText    = 16 << 10
)

// Check refuses what a header or a body must not hold: with it no name that
// somebody chose can add a header or a recipient.
func (m Mail) Check() error {
	a, err := mail.ParseAddress(m.To)
	switch {
	case err != nil || a.Address != m.To || a.Name != "" || len(m.To) > 254 || strings.ContainsFunc(m.To, unsafe):
		return hashyard.Invalid.Errorf("mail to %.60q: not a bare address", m.To)
	case m.Key == "" || len(m.Key) > 255:
		return hashyard.Invalid.Errorf("mail to %s: no key", m.To)
	// "=?" begins an encoded word, which would be shown as something else.
	case m.Subject == "" || len(m.Subject) > maxSubject || strings.ContainsFunc(m.Subject, unsafe) || strings.Contains(m.Subject, "=?"):
		return hashyard.Invalid.Errorf("mail to %s: subject of 1 to %d printable characters", m.To, maxSubject)
	case m.Text == "" || len(m.Text) > maxText || strings.ContainsRune(m.Text, 0):
		return hashyard.Invalid.Errorf("mail to %s: text of 1 to %d bytes", m.To, maxText)
	}
	return nil
}

// unsafe is what ends or splits a line somewhere on a mail's way.
func unsafe(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar
}

// Line makes text that others chose fit for one line of a subject.
func Line(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return unsafe(r) || unicode.IsSpace(r) }), " ")
	s = strings.ReplaceAll(s, "=?", "= ?")
	if cut := []rune(s); len(cut) > 80 {
		s = string(cut[:79]) + "…"
	}
	return s
}

// Sealed is a mail as it is stored: who reads the table cannot open what it
// links to.
type Sealed struct {
	ID, Org          hashyard.ID
	Key, To, Subject string
	Box              []byte
	At               time.Time
	Attempts         int // so far, this one included; set by the queue
}

// Seal closes texts of mails with a key of 32 bytes.
type Seal struct{ aead cipher.AEAD }

// NewSeal makes a seal.
func NewSeal(key [32]byte) (*Seal, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Seal{aead}, nil
}

// Close checks and seals a mail. Recipient and subject are bound to the text.
func (s *Seal) Close(m Mail) (Sealed, error) {
	if err := m.Check(); err != nil {
		return Sealed{}, err
	}
	if m.ID.IsZero() {
		m.ID = hashyard.NewID()
	}
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		panic(err) // crypto/rand never fails on supported systems
	}
	box := s.aead.Seal(nonce, nonce, []byte(m.Text), bound(m.ID, m.To, m.Subject))
	return Sealed{ID: m.ID, Org: m.Org, Key: m.Key, To: m.To, Subject: m.Subject, Box: box, At: m.At}, nil
}

// Open is the mail again.
func (s *Seal) Open(b Sealed) (Mail, error) {
	n := s.aead.NonceSize()
	if len(b.Box) < n {
		return Mail{}, hashyard.Invalid.Errorf("mail %s: no text", b.ID)
	}
	text, err := s.aead.Open(nil, b.Box[:n], b.Box[n:], bound(b.ID, b.To, b.Subject))
	if err != nil {
		return Mail{}, hashyard.Invalid.Errorf("mail %s: sealed with another key, or changed", b.ID)
	}
	m := Mail{ID: b.ID, Org: b.Org, Key: b.Key, To: b.To, Subject: b.Subject, Text: string(text), At: b.At}
	return m, m.Check()
}

func bound(id hashyard.ID, to, subject string) []byte {
	return []byte(id.String() + "\x00" + to + "\x00" + subject)
}
