package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// machine looks at what the system gives a process.
func machine(_ context.Context, _ Config, p *part) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		p.warn("", "the limit of open files cannot be read: %v", err)
	} else if files.Cur < 4096 {
		p.bad("raise it: LimitNOFILE= in the systemd unit, or ulimit -n", "a process may open %d files, so that about %d machines can connect", files.Cur, max(0, int64(files.Cur)-200))
	} else {
		p.good("%d processors, %d open files a process", runtime.NumCPU(), files.Cur)
	}
}

// settings looks at what can be told from the settings alone.
func settings(_ context.Context, cfg Config, p *part) {
	if cfg.PoolKey != "" && len(cfg.PoolKey) < 32 {
		p.bad("set HASHYARD_POOL_KEY to a random secret of at least 32 characters, before the first machine connects; later it cannot change", "the pool's key has %d characters", len(cfg.PoolKey))
	} else if cfg.PoolKey != "" {
		p.good("the pool's key has %d characters", len(cfg.PoolKey))
	}
	if cfg.Listen == "" {
		p.left("the address of the browser app (HASHYARD_LISTEN)")
		return
	}
	host, _, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		p.bad("set HASHYARD_LISTEN like 127.0.0.1:8080", "the address %q is not host:port", cfg.Listen)
		return
	}
	ip := net.ParseIP(host)
	switch open := host != "localhost" && (ip == nil || !ip.IsLoopback()); {
	case open && !cfg.TLS:
		p.bad("put a proxy that ends https in front, listen on 127.0.0.1, and set HASHYARD_TLS", "the browser app listens on %s without https: sign-ins and cookies cross the network in the clear", cfg.Listen)
	case cfg.TLS && strings.HasPrefix(cfg.PublicURL, "http://"):
		p.bad("set HASHYARD_PUBLIC_URL to https://…", "callers are said to come by https, but links in mails begin with %s", cfg.PublicURL)
	case !cfg.TLS && strings.HasPrefix(cfg.PublicURL, "https://"):
		p.bad("set HASHYARD_TLS, so that cookies are for https only", "people come to %s, but cookies are not made for https", cfg.PublicURL)
	case cfg.TLS:
		p.good("callers come by https; cookies are for https only")
	default:
		p.good("the browser app is reached on this machine only, without https")
	}
	if cfg.PublicURL != "" {
		if u, err := url.Parse(cfg.PublicURL); err != nil || u.Host == "" {
			p.bad("set HASHYARD_PUBLIC_URL like https://yard.example", "the public address %q is none", cfg.PublicURL)
		}
	}
}

// Least free space: below it nothing more is bought on trust.
const (
	leastBytes  = 1 << 30
	leastInodes = 10_000
)

// folders looks at the folders' rights and what is left on their disks.
func folders(_ context.Context, cfg Config, p *part) {
	if cfg.ServeDir == "" && cfg.SignerDir == "" {
		p.left("folders (HASHYARD_SERVE_DIR, HASHYARD_SIGNER_DIR)")
	}
	for _, dir := range append([]string{cfg.ServeDir, cfg.SignerDir}, cfg.KeyDirs...) {
		if dir != "" {
			folder(p, dir)
		}
	}
	if cfg.SignerDir != "" {
		key := filepath.Join(cfg.SignerDir, "key")
		st, err := os.Stat(key)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			p.warn("start the signer once: it makes its key; then back its folder up", "there is no key in %s", cfg.SignerDir)
		case err != nil:
			p.bad("run the doctor as the signer's user, or as root", "the signer's key: %v", err)
		case st.Mode().Perm()&0o077 != 0:
			p.bad("chmod 600 "+key, "the treasury's key can be read by others (mode %04o)", st.Mode().Perm())
		default:
			p.good("the treasury's key is its owner's alone")
		}
	}
}

func folder(p *part, dir string) {
	st, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.warn("the first start makes it", "%s does not exist yet", dir)
		return
	case err != nil:
		p.bad("run the doctor as the service's user, or as root", "%s: %v", dir, err)
		return
	case !st.IsDir():
		p.bad("move it away", "%s is no folder", dir)
		return
	case st.Mode().Perm()&0o077 != 0:
		p.bad("chmod 700 "+dir, "%s can be entered by others (mode %04o)", dir, st.Mode().Perm())
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		p.warn("", "free space of %s: %v", dir, err)
		return
	}
	free := int64(disk.Bavail) * int64(disk.Bsize)
	if free < leastBytes {
		p.bad("make room: a full disk refuses shares, and the miners leave", "%s has %d MB left", dir, free>>20)
		return
	}
	if disk.Files > 0 && disk.Ffree < leastInodes {
		p.bad("remove small files: a disk without inodes is full", "%s has %d inodes left", dir, disk.Ffree)
		return
	}
	p.good("%s: %s free", dir, size(free))
}

func size(n int64) string {
	if n >= 1<<40 {
		return fmt.Sprintf("%.1f TB", float64(n)/1e12)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
