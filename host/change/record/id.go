package record

import (
	"crypto/rand"
	"encoding/hex"
)

// NewID returns an id for a change that no other has.
func NewID() string {
	var random [6]byte
	_, _ = rand.Read(random[:]) // it never fails; see crypto/rand
	return "mod_" + hex.EncodeToString(random[:])
}
