package node

import (
	"net/url"
	"slices"
	"strings"
	"unicode"

	"hashyard"
)

// maxName bounds a node's name, which is a label of figures.
const maxName = 40

// ParseConfig reads a node from one line: its address, with the rest as a
// query, http://127.0.0.1:8332?name=core1&cookie-file=/var/lib/bitcoind/.cookie
// &zmq=tcp://127.0.0.1:28332. Keys are name, user, password-file, cookie-file
// and zmq. A password itself is refused: command lines are for all to see.
func ParseConfig(s string) (Config, error) {
	u, err := url.Parse(s)
	if err != nil {
		// The error would repeat the line, and with it whatever secret it holds.
		return Config{}, hashyard.Invalid.Errorf("a node is not like http://127.0.0.1:8332?name=core&cookie-file=/path")
	}
	if u.User != nil {
		return Config{}, hashyard.Invalid.Errorf("node %s: no credentials in an address; use user= with password-file=, or cookie-file=", u.Host)
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Config{}, hashyard.Invalid.Errorf("node %s: options are not like name=core&zmq=tcp://…", u.Host)
	}
	for key, values := range query {
		if !slices.Contains([]string{"name", "user", "password-file", "cookie-file", "zmq"}, key) || len(values) != 1 || values[0] == "" {
			return Config{}, hashyard.Invalid.Errorf("node %s: option %.20q: there are name, user, password-file, cookie-file and zmq, each once", u.Host, key)
		}
	}
	cfg := Config{
		Name: query.Get("name"), User: query.Get("user"), PasswordFile: query.Get("password-file"),
		CookieFile: query.Get("cookie-file"), ZMQ: query.Get("zmq"),
	}
	if len(cfg.Name) > maxName || strings.ContainsFunc(cfg.Name, func(r rune) bool { return !unicode.IsPrint(r) || r > unicode.MaxASCII }) {
		return Config{}, hashyard.Invalid.Errorf("node %s: a name has at most %d plain characters", u.Host, maxName)
	}
	u.RawQuery, u.Fragment = "", ""
	cfg.URL = u.String()
	c, err := New(cfg)
	if err != nil {
		return Config{}, err
	}
	return c.cfg, nil
}
