package node

import (
	"io"
	"os"
	"strings"

	"hashyard"
)

// maxSecret bounds a credentials file; Core's cookie has 75 bytes.
const maxSecret = 4096

type credentials struct{ user, password string }

// credentials are those to try now. What was read from a file is kept until
// the node refuses it.
func (c *Client) credentials() (credentials, error) {
	if c.cfg.CookieFile == "" && c.cfg.PasswordFile == "" {
		return credentials{c.cfg.User, c.cfg.Password}, nil
	}
	if known := c.pass.Load(); known != nil {
		return *known, nil
	}
	who := credentials{user: c.cfg.User}
	var err error
	if c.cfg.CookieFile == "" {
		who.password, err = readSecret(c.cfg.PasswordFile)
	} else {
		var line string
		line, err = readSecret(c.cfg.CookieFile)
		var ok bool
		if who.user, who.password, ok = strings.Cut(line, ":"); err == nil && !ok {
			err = hashyard.Unauthenticated.Errorf("cookie file %s is not like user:password", c.cfg.CookieFile)
		}
	}
	if err != nil {
		return credentials{}, err
	}
	c.pass.Store(&who)
	return who, nil
}

// forget drops what was read from a file; true if there was something.
func (c *Client) forget() bool { return c.pass.Swap(nil) != nil }

// readSecret reads one line. A file that is not there is no fault of ours: a
// node that starts writes its cookie late.
func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", hashyard.Unauthenticated.Errorf("the node's credentials: %w", err)
	}
	defer f.Close() //nolint:errcheck // nothing is lost by a failed close of a read file
	raw, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", hashyard.Unauthenticated.Errorf("the node's credentials: %w", err)
	}
	line := strings.TrimRight(string(raw), "\r\n")
	if line == "" || len(raw) > maxSecret || strings.ContainsAny(line, "\r\n") {
		return "", hashyard.Unauthenticated.Errorf("credentials file %s is not one line", path)
	}
	return line, nil
}
