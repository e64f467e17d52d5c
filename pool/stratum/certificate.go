package stratum

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Certificate is a TLS certificate in files that are read again when they
// change. Sessions that are open keep what they began with.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	mu     sync.Mutex // guards the fields below
	pair   *tls.Certificate
	looked time.Time
	read   [2]fileMark // of pair
}

// fileMark tells one content of a file from the next.
type fileMark struct {
	changed time.Time
	size    int64
}

// lookEvery is how often the files are looked at.
const lookEvery = 5 * time.Second

// OpenCertificate reads a certificate with its chain, and its key, both PEM.
func OpenCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log, now: time.Now}
	if err := c.load(); err != nil {
		return nil, err
	}
	c.looked = c.now()
	return c, nil
}

// Get is for Port.Certificate. A pair that cannot be read, as in the middle of
// a renewal, leaves the one before in place.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= lookEvery {
		c.looked = now
		if err := c.load(); err != nil {
			c.log.Warn("stratum certificate not read again, the one before stays", "err", err)
		}
	}
	return c.pair, nil
}

// load reads the files if they changed.
func (c *Certificate) load() error {
	var marks [2]fileMark
	for i, name := range []string{c.certFile, c.keyFile} {
		f, err := os.Stat(name)
		if err != nil {
			return fmt.Errorf("stratum certificate: %w", err)
		}
		marks[i] = fileMark{f.ModTime(), f.Size()}
	}
	if c.pair != nil && marks == c.read {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("stratum certificate %s with key %s: %w", c.certFile, c.keyFile, err)
	}
	c.pair, c.read = &pair, marks
	return nil
}
