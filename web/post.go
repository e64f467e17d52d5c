package web

import (
	"fmt"
	"strings"

	"hashyard"
	"hashyard/web/notify"
)

// Post writes the mails of identity.
type Post struct {
	Seal *notify.Seal
	// URL is where people reach the browser app, without a slash at the end.
	URL string
}

// write seals a mail of paragraphs; without a Post there is none to write.
func (p *Post) write(m notify.Mail, paragraphs ...string) (notify.Sealed, error) {
	if p == nil || p.Seal == nil {
		return notify.Sealed{}, hashyard.Unavailable.Errorf("this server sends no mail")
	}
	m.Subject = notify.Line(m.Subject)
	m.Text = strings.Join(paragraphs, "\n\n") + "\n\n-- \nhashyard · " + p.URL + "\n"
	return p.Seal.Close(m)
}

// link is an address of the app with a token behind the #: browsers send that
// part to no server, so it is in no log and no Referer.
func (p *Post) link(path, token string) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("%s%s#%s", p.URL, path, token)
}
