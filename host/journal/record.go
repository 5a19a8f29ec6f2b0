package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// MaxRecord is the size of the longest line. A record holds facts and references, not contents.
const MaxRecord = 64 << 10

// Record is one line of a journal.
type Record struct {
	// Seq counts from 1 without gaps.
	Seq    uint64         `json:"seq"`
	Time   time.Time      `json:"time"`
	Actor  string         `json:"actor"`
	Kind   string         `json:"kind"`
	Fields map[string]any `json:"fields"`
	// Prev is the hash of the record before, or 64 zeros for the first one.
	Prev string `json:"prev"`
	// Hash is the SHA-256, in lower-case hexadecimal, of the line's bytes without the part that holds the hash itself.
	Hash string `json:"hash"`
}

// genesis stands for the hash before the first record.
var genesis = strings.Repeat("0", sha256.Size*2)

// The end of a line is `,"hash":"…"}`, in the place of the brace that ends the text which is hashed.
const (
	sealOpen  = `,"hash":"`
	sealClose = `"}`
	sealBytes = len(sealOpen) + sha256.Size*2 + len(sealClose)
)

// body is a line without its hash; the order of the fields is the order in the line.
type body struct {
	Seq    uint64          `json:"seq"`
	Time   time.Time       `json:"time"`
	Actor  string          `json:"actor"`
	Kind   string          `json:"kind"`
	Fields json.RawMessage `json:"fields"`
	Prev   string          `json:"prev"`
}

// prepared is an entry that is known to fit into a line.
type prepared struct {
	actor, kind string
	fields      json.RawMessage
}

// prepare checks an entry. It is done by the caller's goroutine, so that the writing one only adds up.
func prepare(e Entry) (prepared, error) {
	if e.Actor == "" || e.Kind == "" {
		return prepared{}, fmt.Errorf("record %q by %q: both must be given", e.Kind, e.Actor)
	}
	fields := json.RawMessage("{}")
	if len(e.Fields) > 0 {
		text, err := json.Marshal(e.Fields)
		if err != nil {
			return prepared{}, fmt.Errorf("record %s: write its fields as JSON: %w", e.Kind, err)
		}
		fields = text
	}
	// Six bytes are the most that JSON makes of one, and the rest of a line is shorter than 512 bytes.
	const escape, rest = 6, 512
	if n := len(fields) + escape*(len(e.Actor)+len(e.Kind)) + rest; n > MaxRecord {
		return prepared{}, fmt.Errorf("record %s: it has up to %d bytes, the limit is %d; record a reference instead", e.Kind, n, MaxRecord)
	}
	return prepared{actor: e.Actor, kind: e.Kind, fields: fields}, nil
}

// line writes the record that follows head, with its line end.
func (p prepared) line(head Head, now time.Time) ([]byte, Record, error) {
	text, err := json.Marshal(body{Seq: head.Seq + 1, Time: now, Actor: p.actor, Kind: p.kind, Fields: p.fields, Prev: head.Hash})
	if err != nil {
		return nil, Record{}, fmt.Errorf("write it as JSON: %w", err)
	}
	sum := hashOf(text)
	line := append(text[:len(text)-1], sealOpen+sum+sealClose...)
	record, err := parseLine(line)
	return append(line, '\n'), record, err
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

var errForm = errors.New("is not a record")

// parseLine reads a line, without its line end, and checks its own hash. It does not check the chain.
func parseLine(line []byte) (Record, error) {
	var record Record
	if err := unseal(line); err != nil {
		return record, err
	}
	if err := json.Unmarshal(line, &record); err != nil || record.Seq == 0 {
		return Record{}, errForm
	}
	return record, nil
}

// link is what the chain needs to know of a record.
type link struct {
	Seq  uint64 `json:"seq"`
	Prev string `json:"prev"`
	Hash string `json:"hash"`
}

// parseLink is parseLine for the chain alone, which is much faster.
func parseLink(line []byte) (link, error) {
	var l link
	if err := unseal(line); err != nil {
		return l, err
	}
	if err := json.Unmarshal(line, &l); err != nil || l.Seq == 0 {
		return link{}, errForm
	}
	return l, nil
}

// unseal checks that a line ends with the hash of its text.
func unseal(line []byte) error {
	cut := len(line) - sealBytes
	if cut < 1 || !bytes.HasPrefix(line[cut:], []byte(sealOpen)) || !bytes.HasSuffix(line, []byte(sealClose)) {
		return errForm
	}
	want := string(line[cut+len(sealOpen) : len(line)-len(sealClose)])
	digest := sha256.New()
	digest.Write(line[:cut])
	digest.Write([]byte("}"))
	if hex.EncodeToString(digest.Sum(nil)) != want {
		return errors.New("was edited: its hash does not fit its text")
	}
	return nil
}

// follows says why l cannot be the record after head, or is nil.
func (l link) follows(head Head) error {
	switch {
	case l.Seq != head.Seq+1:
		return fmt.Errorf("has number %d where %d must follow: records are missing, added or out of order", l.Seq, head.Seq+1)
	case l.Prev != head.Hash:
		return fmt.Errorf("does not follow record %d: its hash of the record before is another", head.Seq)
	}
	return nil
}

// head is the head after l.
func (l link) head() Head { return Head{Seq: l.Seq, Hash: l.Hash} }

// head is the head after r.
func (r Record) head() Head { return Head{Seq: r.Seq, Hash: r.Hash} }
