package answer

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/atomicfile"
)

// Key signs links. It never leaves this host.
type Key struct{ bytes []byte }

const keyBytes = 32

// OpenKey reads the key of a file that only its owner can read, and makes one
// where there is none. Without the file all links that were sent are void.
func OpenKey(path string) (Key, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		key := Key{make([]byte, keyBytes)}
		rand.Read(key.bytes)
		return key, atomicfile.WriteFile(path, key.bytes, 0o600)
	}
	if err != nil {
		return Key{}, fmt.Errorf("open the key of links: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 || info.Size() != keyBytes {
		return Key{}, fmt.Errorf("open the key of links %s: want a regular file of %d bytes that only its owner can read; it is %v with %d bytes: remove it, and a new one is made", path, keyBytes, info.Mode(), info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("open the key of links: %w", err)
	}
	return Key{data}, nil
}

// Link is what a signed link says: which approval, of which proposal and
// evidence, and until when.
type Link struct {
	ID string
	// Hash is the approval's, over incident, proposal and evidence.
	Hash    string
	Expires time.Time
}

// purpose keeps a signature from being good for anything else.
const purpose = "homeostat answer v1\x00"

// Token returns the link as text that goes into an address. The same link is
// always the same text.
func (k Key) Token(l Link) string {
	claim := []byte(l.ID + "\n" + l.Hash + "\n" + strconv.FormatInt(l.Expires.Unix(), 10))
	return base64.RawURLEncoding.EncodeToString(claim) + "." + base64.RawURLEncoding.EncodeToString(k.sum(claim))
}

func (k Key) sum(claim []byte) []byte {
	mac := hmac.New(sha256.New, k.bytes)
	mac.Write([]byte(purpose))
	mac.Write(claim)
	return mac.Sum(nil)
}

// The reasons why a token is no link.
var (
	errForged  = errors.New("this link is not valid; look for the whole address in the message")
	errExpired = errors.New("this link has expired, and so has its question; look for a newer message, or run `homeostat approval list`")
)

// maxToken bounds what is looked at of an address.
const maxToken = 1024

// Open returns what a token says, if this key has signed it and its time is not
// up. The signature is compared in constant time, before anything is read.
func (k Key) Open(token string, now time.Time) (Link, error) {
	head, tail, ok := strings.Cut(token, ".")
	if !ok || len(token) > maxToken {
		return Link{}, errForged
	}
	claim, err := base64.RawURLEncoding.Strict().DecodeString(head)
	if err != nil {
		return Link{}, errForged
	}
	sum, err := base64.RawURLEncoding.Strict().DecodeString(tail)
	if err != nil || !hmac.Equal(sum, k.sum(claim)) {
		return Link{}, errForged
	}
	parts := strings.Split(string(claim), "\n")
	if len(parts) != 3 {
		return Link{}, errForged
	}
	seconds, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return Link{}, errForged
	}
	l := Link{ID: parts[0], Hash: parts[1], Expires: time.Unix(seconds, 0)}
	if !now.Before(l.Expires) {
		return l, errExpired
	}
	return l, nil
}
