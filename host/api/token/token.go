// Package token makes, keeps and checks the bearer tokens of the HTTP API.
//
// A token is "hst_<id>_<secret>" with 256 random bits of secret. The store
// keeps the SHA-256 of the secret only, in one private file that is replaced
// as a whole. No slow hash is needed: the secret is random, not chosen by a
// person. It does not decide what a role may do. A Store is safe for
// concurrent use.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/atomicfile"
)

// Token is what is kept of a token.
type Token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Role    string    `json:"role"`
	Created time.Time `json:"created"`
	// Expires is zero for a token without end.
	Expires time.Time `json:"expires"`
	// Hash is the hexadecimal SHA-256 of the secret.
	Hash string `json:"hash"`
}

// ErrUnknown is returned for a token that does not exist.
var ErrUnknown = errors.New("no such token")

const (
	prefix      = "hst"
	idBytes     = 5
	secretBytes = 32
	maxFile     = 1 << 20
)

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Store keeps tokens in one file.
type Store struct {
	path string

	mu     sync.RWMutex
	tokens map[string]Token
}

// Open reads the tokens of a file; one that does not exist holds none.
func Open(path string) (*Store, error) {
	s := &Store{path: path, tokens: map[string]Token{}}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open tokens: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 || info.Size() > maxFile {
		return nil, fmt.Errorf("open tokens %s: want a regular file that only its owner can read (chmod 600), at most %d bytes; it is %v with %d bytes", path, maxFile, info.Mode(), info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open tokens: %w", err)
	}
	var list []Token
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("open tokens %s: %w", path, err)
	}
	for _, t := range list {
		s.tokens[t.ID] = t
	}
	return s, nil
}

// Create makes a token and returns its text, which is shown this once.
// A life of zero means that it does not expire.
func (s *Store) Create(name, role string, now time.Time, life time.Duration) (string, Token, error) {
	random := make([]byte, idBytes+secretBytes)
	if _, err := rand.Read(random); err != nil {
		return "", Token{}, fmt.Errorf("create token %s: %w", name, err)
	}
	id, secret := encoding.EncodeToString(random[:idBytes]), encoding.EncodeToString(random[idBytes:])
	t := Token{ID: id, Name: name, Role: role, Created: now.UTC(), Hash: hashOf(secret)}
	if life > 0 {
		t.Expires = t.Created.Add(life)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[id] = t
	if err := s.save(); err != nil {
		delete(s.tokens, id)
		return "", Token{}, fmt.Errorf("create token %s: %w", name, err)
	}
	return prefix + "_" + id + "_" + secret, t, nil
}

// Revoke removes a token by its id.
func (s *Store) Revoke(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.tokens[id]
	if !ok {
		return fmt.Errorf("revoke token %s: %w", id, ErrUnknown)
	}
	delete(s.tokens, id)
	if err := s.save(); err != nil {
		s.tokens[id] = old
		return fmt.Errorf("revoke token %s: %w", id, err)
	}
	return nil
}

// List returns all tokens, oldest first.
func (s *Store) List() []Token {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sorted()
}

// Check returns the token that a text stands for, or false. The comparison
// takes the same time whatever the secret.
func (s *Store) Check(text string, now time.Time) (Token, bool) {
	parts := strings.Split(text, "_")
	if len(parts) != 3 || parts[0] != prefix {
		return Token{}, false
	}
	s.mu.RLock()
	t, ok := s.tokens[parts[1]]
	s.mu.RUnlock()
	match := subtle.ConstantTimeCompare([]byte(hashOf(parts[2])), []byte(t.Hash)) == 1
	if !ok || !match || (!t.Expires.IsZero() && !now.Before(t.Expires)) {
		return Token{}, false
	}
	return t, true
}

// Find returns the token of an id, or false when there is none, or none any
// more.
func (s *Store) Find(id string, now time.Time) (Token, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t, ok := s.tokens[id]
	return t, ok && (t.Expires.IsZero() || now.Before(t.Expires))
}

func (s *Store) sorted() []Token {
	list := make([]Token, 0, len(s.tokens))
	for _, t := range s.tokens {
		list = append(list, t)
	}
	sort.Slice(list, func(i, j int) bool {
		if !list[i].Created.Equal(list[j].Created) {
			return list[i].Created.Before(list[j].Created)
		}
		return list[i].ID < list[j].ID
	})
	return list
}

func (s *Store) save() error {
	data, err := json.MarshalIndent(s.sorted(), "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(s.path, data, 0o600)
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
