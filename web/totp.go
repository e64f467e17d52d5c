package web

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"hashyard"
)

// What every authenticator app can do: SHA-1, six digits, half a minute.
const (
	totpPeriod = 30 * time.Second
	totpSkew   = 1 // steps that a clock may be off, each way
)

// NewTOTPSecret is a secret of 160 bits in the form that apps take.
func NewTOTPSecret() string {
	var b [20]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand never fails on supported systems
	}
	return base32.StdEncoding.EncodeToString(b[:])
}

// totpURL is the secret as an app takes it, and the picture that it scans.
func totpURL(secret, email string) (address, picture string, err error) {
	raw, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		return "", "", fmt.Errorf("totp secret: %w", err)
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "hashyard", AccountName: email, Secret: raw, Period: uint(totpPeriod / time.Second)})
	if err != nil {
		return "", "", fmt.Errorf("totp secret: %w", err)
	}
	img, err := key.Image(240, 240)
	if err != nil {
		return "", "", fmt.Errorf("totp picture: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return "", "", fmt.Errorf("totp picture: %w", err)
	}
	return key.URL(), "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// totpStep finds the step whose code this is, near the instant now; the
// comparison takes as long for every code.
func totpStep(secret, code string, now time.Time) (step int64, ok bool, err error) {
	at := now.Unix() / int64(totpPeriod/time.Second)
	for s := at - totpSkew; s <= at+totpSkew; s++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(s), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, false, fmt.Errorf("totp secret: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok, nil
}

// sealer keeps what must be read again from who reads the database alone. The
// owner of what is sealed is part of the seal: it opens for nobody else.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (*sealer, error) {
	if len(key) == 0 {
		return nil, nil //nolint:nilnil // without a key nothing is sealed, and asking says so
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("seal key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("seal key: %w", err)
	}
	return &sealer{aead}, nil
}

func (s *sealer) seal(owner hashyard.ID, text string) ([]byte, error) {
	if s == nil {
		return nil, hashyard.Unavailable.Errorf("this server has no key to seal codes with")
	}
	return s.aead.Seal(nil, nil, []byte(text), owner[:]), nil
}

func (s *sealer) open(owner hashyard.ID, sealed []byte) (string, error) {
	if s == nil {
		return "", hashyard.Unavailable.Errorf("this server has no key to open codes with")
	}
	text, err := s.aead.Open(nil, nil, sealed, owner[:])
	if err != nil {
		return "", fmt.Errorf("sealed secret of user %s does not open: was the server's secret changed? %w", owner, err)
	}
	return string(text), nil
}

// useTOTP takes a code for whichever of the factors it fits.
func (s *Service) useTOTP(ctx context.Context, actor hashyard.Actor, factors []Factor, code string, r Renewal) error {
	for _, f := range factors {
		if f.Kind != TOTP {
			continue
		}
		secret, err := s.sealer.open(f.User, f.Sealed)
		if err != nil {
			return err
		}
		step, ok, err := totpStep(secret, code, s.now())
		if err != nil {
			return err
		}
		if ok && step > f.LastStep {
			return s.store.UseTOTP(ctx, actor, f.ID, step, r)
		}
	}
	return errFactor
}

// isTOTP reports whether the code can be one of an app: six digits.
func isTOTP(code string) bool {
	return len(code) == 6 && strings.Trim(code, "0123456789") == ""
}
