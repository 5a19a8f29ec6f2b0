// Package session keeps who is signed in to the page: which token a browser
// showed, until when, under the hash of a random secret that only the browser
// has, in a cookie.
//
// It owns the secrets, their life and their number. A session says who it is
// of; whether that token still holds, and for what, is asked anew at every
// request and not decided here. Sessions outlive a restart of the daemon in one
// private file that is replaced as a whole. A Store is safe for concurrent use.
package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/atomicfile"
)

// Bounds on sessions.
const (
	// Life is how long a person stays signed in: one long shift.
	Life = 12 * time.Hour
	// perToken and inAll bound the number of sessions; a new one ends the oldest.
	perToken = 16
	inAll    = 256
	// maxFile bounds the file that is read; 256 sessions take some 60 KiB.
	maxFile = 1 << 20
)

// Session is what is kept of a signed-in browser.
type Session struct {
	// Hash is the hexadecimal SHA-256 of the secret.
	Hash string `json:"hash"`
	// Who is the name of the token, such as "token:ab12cd34".
	Who     string    `json:"who"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
}

// Store keeps sessions in one file.
type Store struct {
	path string

	mu   sync.RWMutex
	list []Session // oldest first
}

// Open reads the sessions of a file; one that does not exist holds none. Where the
// file cannot be read or trusted, the error comes with a store without sessions
// that can be used: people sign in again, which replaces the file.
func Open(path string) (*Store, error) {
	s := &Store{path: path}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("open sessions: %w; people have to sign in again", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 || info.Size() > maxFile {
		return s, fmt.Errorf("open sessions %s: want a regular file that only its owner can read, at most %d bytes; it is %v with %d bytes, and is not used: people have to sign in again", path, maxFile, info.Mode(), info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return s, fmt.Errorf("open sessions: %w; people have to sign in again", err)
	}
	if err := json.Unmarshal(data, &s.list); err != nil {
		s.list = nil
		return s, fmt.Errorf("open sessions %s: %w; it is not used: people have to sign in again", path, err)
	}
	return s, nil
}

// Begin makes a session of a token and returns its secret, which is kept
// nowhere else.
func (s *Store) Begin(who string, now time.Time) (secret string, made Session, err error) {
	secret = rand.Text() + rand.Text() // 260 random bits
	made = Session{Hash: hashOf(secret), Who: who, Created: now.UTC(), Expires: now.UTC().Add(Life)}
	s.mu.Lock()
	defer s.mu.Unlock()
	return secret, made, s.replace(append(s.bounded(who, now), made))
}

// bounded returns the sessions that still last, with room for one more.
func (s *Store) bounded(who string, now time.Time) []Session {
	own := 0
	for _, e := range s.list {
		if e.Who == who {
			own++
		}
	}
	surplus := max(len(s.list)-inAll+1, 0)
	kept := make([]Session, 0, len(s.list)+1)
	for _, e := range s.list {
		switch {
		case !now.Before(e.Expires):
			surplus--
			if e.Who == who {
				own--
			}
		case e.Who == who && own >= perToken:
			own--
			surplus--
		case surplus > 0:
			surplus--
		default:
			kept = append(kept, e)
		}
	}
	return kept
}

// Find returns the session of a secret, or false when there is none, or none
// any more.
func (s *Store) Find(secret string, now time.Time) (Session, bool) {
	hash := hashOf(secret)
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range s.list {
		if e.Hash == hash && now.Before(e.Expires) {
			return e, true
		}
	}
	return Session{}, false
}

// End forgets the session of a secret; one that is unknown is no error.
func (s *Store) End(secret string) error {
	hash := hashOf(secret)
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := slices.DeleteFunc(slices.Clone(s.list), func(e Session) bool { return e.Hash == hash })
	if len(kept) == len(s.list) {
		return nil
	}
	return s.replace(kept)
}

// replace makes list the sessions that there are, once they are in the file.
func (s *Store) replace(list []Session) error {
	data, err := json.MarshalIndent(list, "", "  ")
	if err == nil {
		err = atomicfile.WriteFile(s.path, data, 0o600)
	}
	if err != nil {
		return fmt.Errorf("write sessions: %w", err)
	}
	s.list = list
	return nil
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
