// Package webhook posts one signed message to one receiver and says what came
// of it.
//
// It owns the signature of Standard Webhooks, the secret's file, and what is
// safe on the way: TLS is verified, redirects are not followed, time and answer
// are bounded, and no error holds the address beyond its host, for receivers put
// secrets into paths. It owns neither queue nor retries nor payloads. A Client
// is safe for concurrent use.
package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Secret is the key that both sides share. It never shows itself.
type Secret struct{ key []byte }

const (
	secretPrefix = "whsec_"
	// The specification of Standard Webhooks asks for 24 to 64 random bytes.
	minSecret = 24
	maxSecret = 64
	newSecret = 32
	maxFile   = 4 << 10
)

// String hides the key.
func (s Secret) String() string { return "whsec_…" }

// GoString hides the key.
func (s Secret) GoString() string { return s.String() }

// NewSecret returns the text of a random secret.
func NewSecret() string {
	key := make([]byte, newSecret)
	rand.Read(key)
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// ParseSecret reads a secret's text: "whsec_" and 24 to 64 bytes in base64. An
// error does not repeat it.
func ParseSecret(text string) (Secret, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(text), secretPrefix)
	if !ok {
		return Secret{}, fmt.Errorf("it does not begin with %s; `homeostat notify secret FILE` makes a right one", secretPrefix)
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return Secret{}, errors.New("what follows " + secretPrefix + " is not base64; `homeostat notify secret FILE` makes a right one")
	}
	if len(key) < minSecret || len(key) > maxSecret {
		return Secret{}, fmt.Errorf("it has %d bytes, want %d to %d; `homeostat notify secret FILE` makes a right one", len(key), minSecret, maxSecret)
	}
	return Secret{key: key}, nil
}

// ReadSecret reads a secret from a file that nobody but its owner, who is root
// or the daemon's user, can read.
func ReadSecret(path string) (Secret, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return Secret{}, fmt.Errorf("read the webhook's secret: %w", err)
	}
	defer f.Close()
	if err := private(f); err != nil {
		return Secret{}, fmt.Errorf("read the webhook's secret from %s: %w", path, err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return Secret{}, fmt.Errorf("read the webhook's secret: %w", err)
	}
	secret, err := ParseSecret(string(text))
	if err != nil {
		return Secret{}, fmt.Errorf("read the webhook's secret from %s: %w", path, err)
	}
	return secret, nil
}

func private(f *os.File) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return errors.New("it is not a regular file")
	case st.Mode&0o077 != 0:
		return fmt.Errorf("others can read it (mode %04o): run chmod 600", st.Mode&0o777)
	case st.Uid != 0 && int(st.Uid) != os.Geteuid():
		return fmt.Errorf("it belongs to user %d, neither to root nor to the daemon's user", st.Uid)
	}
	return nil
}

// Sign returns the value of webhook-signature for one attempt: version 1,
// HMAC-SHA256 over "id.timestamp.body" in base64.
// See https://github.com/standard-webhooks/standard-webhooks.
func (s Secret) Sign(id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, s.key)
	io.WriteString(mac, id+"."+strconv.FormatInt(at.Unix(), 10)+".") //nolint:errcheck // a hash takes everything
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
