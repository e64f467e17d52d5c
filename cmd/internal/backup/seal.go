package backup

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"hashyard"
)

// Beginnings of what we can open.
const (
	ageMagic  = "age-encryption.org/"
	zstdMagic = "\x28\xb5\x2f\xfd"
)

// Passphrase seals with words; work is the logarithm of what guessing costs, 0
// for age's own choice.
func Passphrase(words string, work int) (age.Recipient, error) {
	if len(words) < 12 {
		return nil, hashyard.Invalid.Errorf("a backup's passphrase has at least 12 characters")
	}
	r, err := age.NewScryptRecipient(words)
	if err != nil {
		return nil, hashyard.Invalid.Errorf("backup passphrase: %w", err)
	}
	if work > 0 {
		r.SetWorkFactor(work)
	}
	return r, nil
}

// Recipient seals with a public key, age1…
func Recipient(text string) (age.Recipient, error) {
	r, err := age.ParseX25519Recipient(strings.TrimSpace(text))
	if err != nil {
		return nil, hashyard.Invalid.Errorf("--recipient %.80q is not like age1…: `hashyard backup-key FILE` makes one", text)
	}
	return r, nil
}

// WordsIdentity opens what a passphrase sealed.
func WordsIdentity(words string) (age.Identity, error) {
	id, err := age.NewScryptIdentity(words)
	if err != nil {
		return nil, hashyard.Invalid.Errorf("backup passphrase: %w", err)
	}
	id.SetMaxWorkFactor(20)
	return id, nil
}

// Identities reads the secret keys of a file.
func Identities(path string) ([]age.Identity, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, hashyard.NotFound.Errorf("backup key: %w", err)
	}
	defer f.Close()
	ids, err := age.ParseIdentities(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, hashyard.Invalid.Errorf("%s holds no backup key: %w", path, err)
	}
	return ids, nil
}

// Key makes the secret key in a file, or reads the one that is there, and
// returns the public one. The file is for its owner alone.
func Key(path string) (public string, made bool, err error) {
	b, err := os.ReadFile(path)
	if err == nil {
		return publicOf(path, b)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", false, fmt.Errorf("backup key: %w", err)
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", false, fmt.Errorf("backup key: %w", err)
	}
	text := "# public key: " + id.Recipient().String() + "\n" + id.String() + "\n"
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", false, fmt.Errorf("backup key: %w", err)
	}
	_, err = f.WriteString(text)
	return id.Recipient().String(), true, errors.Join(err, f.Sync(), f.Close())
}

func publicOf(path string, b []byte) (string, bool, error) {
	ids, err := age.ParseIdentities(bytes.NewReader(b))
	if err != nil {
		return "", false, hashyard.Invalid.Errorf("%s holds no backup key: %w", path, err)
	}
	for _, id := range ids {
		if x, ok := id.(*age.X25519Identity); ok {
			return x.Recipient().String(), false, nil
		}
	}
	return "", false, hashyard.Invalid.Errorf("%s holds no backup key", path)
}

// unseal opens the encryption, if there is any.
func unseal(r io.Reader, keys []age.Identity) (under io.Reader, sealed bool, err error) {
	b := bufio.NewReaderSize(r, 1<<16)
	start, err := b.Peek(len(ageMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, fmt.Errorf("read archive: %w", err)
	}
	switch {
	case bytes.HasPrefix(start, []byte(zstdMagic)):
		return b, false, nil
	case string(start) != ageMagic:
		return nil, false, hashyard.Invalid.Errorf("this is not a hashyard backup, nor an encrypted one")
	case len(keys) == 0:
		return nil, true, hashyard.Denied.Errorf("the archive is encrypted: name its key with --identity or its passphrase with --passphrase")
	}
	under, err = age.Decrypt(b, keys...)
	if no := (*age.NoIdentityMatchError)(nil); errors.As(err, &no) {
		return nil, true, hashyard.Denied.Errorf("the archive is encrypted for another key or passphrase")
	}
	if err != nil {
		return nil, true, damaged(err)
	}
	return under, true, nil
}
