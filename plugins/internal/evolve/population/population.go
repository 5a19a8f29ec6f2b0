// Package population is the envelope in which a population is kept: a line with
// the version and a checksum, then the content. What was cut, edited or mixed up
// is found before anything is made of it.
//
// It knows nothing of the content. Its functions are pure.
package population

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrDamaged matches the error of bytes that are not what was sealed.
var ErrDamaged = errors.New("the population is damaged or none")

// head is what a sealed population begins with; the number grows with the format.
const head = "homeostat population 1 "

// Seal puts content into an envelope.
func Seal(content []byte) []byte {
	sum := sha256.Sum256(content)
	out := append([]byte(head), hex.EncodeToString(sum[:])...)
	return append(append(out, '\n'), content...)
}

// Open returns the content of an envelope.
func Open(sealed []byte) ([]byte, error) {
	line, content, found := bytes.Cut(sealed, []byte{'\n'})
	sum, isOurs := bytes.CutPrefix(line, []byte(head))
	if !found || !isOurs {
		return nil, fmt.Errorf("%w: it does not begin with %q", ErrDamaged, head)
	}
	want := sha256.Sum256(content)
	if string(sum) != hex.EncodeToString(want[:]) {
		return nil, fmt.Errorf("%w: its checksum is another one", ErrDamaged)
	}
	return content, nil
}

// Schema returns a short name for what a population was made for: two values
// with the same JSON have the same one.
func Schema(of any) (string, error) {
	text, err := json.Marshal(of)
	if err != nil {
		return "", fmt.Errorf("schema of a population: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), nil
}
