package app

import (
	"crypto/sha256"
	"log/slog"
	"path/filepath"

	"hashyard/web"
	"hashyard/web/notify"
)

// Mail are the settings of mail.
type Mail struct {
	SMTPURL   string `env:"HASHYARD_SMTP_URL" help:"Mail server, smtp://user:password@host:587 or smtps://…:465; without one, mails are put into the serve folder as .eml files."`
	MailFrom  string `env:"HASHYARD_MAIL_FROM" help:"Sender of mails, with a mail server."`
	PublicURL string `env:"HASHYARD_PUBLIC_URL" help:"Where people reach the browser app, for links in mails; passkeys belong to its name for ever. Default: --listen."`
}

// publicURL is what links begin with.
func (s *Serve) publicURL() string {
	if s.PublicURL != "" {
		return s.PublicURL
	}
	if s.TLS {
		return "https://" + s.Listen
	}
	return "http://" + s.Listen
}

// mail makes what writes mails and what brings them away.
func (h *house) mail(log *slog.Logger) (post *web.Post, err error) {
	f := h.flags
	// Mails that wait hold links; their seal derives from the secret that is
	// the same for ever.
	h.seal, err = notify.NewSeal(sha256.Sum256([]byte("mail seal " + f.PoolKey)))
	if err != nil {
		return nil, err
	}
	if f.SMTPURL != "" {
		h.carrier, err = notify.NewSMTP(f.SMTPURL, f.MailFrom)
	} else {
		h.letters, err = notify.NewFolder(filepath.Join(f.Dir, "mails"), f.MailFrom, log)
		h.carrier = h.letters
	}
	return &web.Post{Seal: h.seal, URL: f.publicURL()}, err
}
