package antminer

import (
	"crypto/md5" //nolint:gosec // RFC 7616 digest as the firmware's lighttpd speaks it
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"

	"hashyard/firmware"
)

// challenge is one WWW-Authenticate: Digest header and how often it was used.
type challenge struct {
	realm, nonce, opaque, algorithm string
	qopAuth                         bool
	count                           int
}

// parseChallenge reads a Digest challenge; ok is false for any other scheme or
// a hash we do not speak.
func parseChallenge(header string) (c challenge, ok bool) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	if !strings.EqualFold(scheme, "Digest") {
		return challenge{}, false
	}
	for _, p := range authParams(rest) {
		switch strings.ToLower(p[0]) {
		case "realm":
			c.realm = p[1]
		case "nonce":
			c.nonce = p[1]
		case "opaque":
			c.opaque = p[1]
		case "algorithm":
			c.algorithm = p[1]
		case "qop":
			for _, q := range strings.Split(p[1], ",") {
				c.qopAuth = c.qopAuth || strings.EqualFold(strings.TrimSpace(q), "auth")
			}
		}
	}
	md := c.algorithm == "" || strings.EqualFold(c.algorithm, "MD5")
	return c, c.nonce != "" && md
}

// authParams splits `a="x, y", b=z` into pairs.
func authParams(s string) [][2]string {
	var out [][2]string
	for {
		s = strings.TrimLeft(s, ", \t")
		key, rest, found := strings.Cut(s, "=")
		if !found {
			return out
		}
		key, rest = strings.TrimSpace(key), strings.TrimLeft(rest, " \t")
		var val string
		if strings.HasPrefix(rest, `"`) {
			val, rest = quotedString(rest[1:])
		} else {
			i := strings.IndexAny(rest, ", \t")
			if i < 0 {
				i = len(rest)
			}
			val, rest = rest[:i], rest[i:]
		}
		out = append(out, [2]string{key, val})
		s = rest
	}
}

func quotedString(s string) (val, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}

// authorize answers the challenge for one request (RFC 7616, MD5, qop=auth,
// or RFC 2069 where the server offers no qop).
func (c *challenge) authorize(cred firmware.Credentials, method, uri string) string {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails
	c.count++
	return c.answer(cred, method, uri, hex.EncodeToString(raw[:]))
}

func (c *challenge) answer(cred firmware.Credentials, method, uri, cnonce string) string {
	ha1 := md5hex(cred.User + ":" + c.realm + ":" + cred.Password)
	ha2 := md5hex(method + ":" + uri)
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	out := fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s"`,
		quote.Replace(cred.User), quote.Replace(c.realm), c.nonce, uri)
	if c.qopAuth {
		nc := fmt.Sprintf("%08x", c.count)
		out += fmt.Sprintf(`, qop=auth, nc=%s, cnonce="%s", response="%s"`, nc, cnonce,
			md5hex(strings.Join([]string{ha1, c.nonce, nc, cnonce, "auth", ha2}, ":")))
	} else {
		out += fmt.Sprintf(`, response="%s"`, md5hex(ha1+":"+c.nonce+":"+ha2))
	}
	if c.algorithm != "" {
		out += ", algorithm=" + c.algorithm
	}
	if c.opaque != "" {
		out += fmt.Sprintf(`, opaque="%s"`, c.opaque)
	}
	return out
}

func md5hex(s string) string {
	sum := md5.Sum([]byte(s)) //nolint:gosec // see import
	return hex.EncodeToString(sum[:])
}
